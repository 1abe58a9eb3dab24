"""What only an issuer's service asks the policy, besides `pdp.ISSUANCE`."""

BEGINNING = "inbounds/issuer/begun"
"""Whether a task may be begun (`claims.IssuerQuestion` → `claims.IssuanceAnswer`)."""
RENEWAL = "inbounds/issuer/renewed"
"""Whether a task may go on (`claims.RenewalQuestion` → `claims.IssuanceAnswer`)."""
HANDS = "inbounds/issuer/hands"
"""Whose hands a task is in (`claims.AcceptanceQuestion` → a list of `claims.Hands`)."""
