"""How much the policy costs its users and its attackers, on tasks that others wrote."""
