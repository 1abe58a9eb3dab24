"""The words by which a prompt forbids, excepts, withholds, removes and corrects.

They are listed by what they do in a sentence; `denials` and its neighbours read them. A prompt
that holds none of them is not read further (`prompt_marks`), so every word that those look at
stands here.

This module does no I/O.
"""

from __future__ import annotations

import re

_APOSTROPHES = re.compile(
    "(?<=[^\\W\\d_])[\u00b4`\u2018\u2019\u201b\u02bc\u02bb\u02b9\u02c8\u2032\u2035\uff07\u055a"
    "\ua78b\ua78c\u05f3\u07f4\u1fbf\u1ffd]"
    "(?=[^\\W\\d_])"
)


def plain_apostrophes(text: str) -> str:
    """Return a text in which whatever is written for an apostrophe within a word is `'`."""
    return _APOSTROPHES.sub("'", text)


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


def _forms(verbs: str, extra: str = "") -> frozenset[str]:
    """Return the forms of verbs; a form that English does not have does no harm."""
    found = {*extra.split()}
    for verb in verbs.split():
        base = verb.removesuffix("e")
        found |= {verb, verb + "s", verb + "es", base + "ing", base + "ed"}
        found |= {verb + verb[-1] + "ing", verb + verb[-1] + "ed"}
        if verb.endswith("y"):
            found |= {verb[:-1] + "ies", verb[:-1] + "ied"}
    return frozenset(found)


# --- negation ------------------------------------------------------------------------------

_AUXILIARIES = sorted(
    _words("do does did is are was were has have had would could should must need may might ought")
)
CONTRACTED = {
    **{f"{verb}{wrong}": f"{verb}n't" for verb in _AUXILIARIES for wrong in ("nt", "'nt")},
    **{f"{verb}n't't": f"{verb}n't" for verb in _AUXILIARIES},
    "donot": "don't",
    "dont't": "don't",
    "cant": "can't",
    "ca'nt": "can't",
    "wont": "won't",
    "wo'nt": "won't",
    "shant": "shan't",
    "ain't": "isn't",
    "aint": "isn't",
    "n't": "not",
}
"""Denials that are written without their apostrophe, or with it in another place."""
NEGATED_FACTS = _words("isn't aren't wasn't weren't hasn't haven't hadn't didn't")
"""Denials that tell what is so more often than what is to be."""
NOT = _words(
    "not don't never cannot can't won't shouldn't mustn't without avoid refrain mayn't needn't "
    "shan't neither nor wouldn't couldn't"
)
"""What they deny stands behind them."""
WHOLE = _words(
    "no nothing nobody none nowhere noone "
    "nicht nichts nie niemals niemand niemanden niemandem keinesfalls keineswegs nirgends weder "
    "kein keine keinen keiner keinem keines ohne "
    "pas jamais sans ne rien aucun aucune nul nulle "
    "ni nunca jamás sin nada nadie ningún ninguna ninguno tampoco "
    "non niente nulla nessun nessuno nessuna senza "
    "niet nooit niets niemand geen zonder "
    "não nenhum nenhuma ninguém sem "
    "nigdy nikt nikomu nic żaden żadne bez "
    "inte aldrig ingen inget ingenting utan ikke aldri intet uden uten ej "
    "не нет никогда никому ничего никто нельзя без "
    "değil asla"
)
"""What they deny is all of their clause."""
ELIDED = ("n'",)
"""How a word begins that holds a denial, as in the French `n'envoie`."""
CANNOT = _words("doesn't don't won't can't cannot couldn't wouldn't")
PREVIOUSLY = _words("formerly previously former previous old outdated")
FLOATING = _words("longer more")
"""Deny behind `no`."""

# --- forbidding ----------------------------------------------------------------------------

FORBIDDEN = _words(
    "forbidden prohibited ineligible banned barred disallowed unauthorised unauthorized "
    "impermissible inadmissible taboo verboten excluded blocked blacklisted blocklisted unwanted "
    "undesired undesirable unwelcome off-limits no-go nogo no-no vetoed outlawed precluded "
    "untersagt interdit interdite prohibido prohibida vietato vietata proibido proibida zakazane "
    "förbjudet forbudt запрещено yasak yasaktır"  # noqa: RUF001
)
"""What they say of something forbids it."""
CONDEMNS = _words(
    "wrong bad dangerous unwise unsafe risky illegal unlawful inappropriate improper foolish"
)
"""What they say of something to do forbids it."""
PERMITTED = _words(
    "allowed permitted supposed authorised authorized entitled cleared welcome meant eligible "
    "invited included ok okay acceptable fine wanted desired needed to for"
)
"""What they say of something behind a negation forbids it."""
FORBIDS = _forms(
    "forbid prohibit disallow veto oppose outlaw abstain desist shun boycott preclude "
    "distrust uninvite disinvite blacklist blocklist bypass forgo forego eschew refrain "
    "avoid exclude omit disregard exempt discontinue",
    "forbade ban bans banning bar bars barring barred banned vermeide vermeiden verbiete "
    "verbieten unterlasse unterlassen évite évitez éviter evita evite evitar vermijd "
    "undvik unngå undgå unikaj",
)
"""Verbs that forbid what they have as their object."""
REFUSES = _forms("refuse decline")
"""Verbs that forbid what they have to be done."""
AGAINST = _words("against opposed")
STOPS = _forms("stop quit cease")
CASES = _words("circumstances circumstance account case event condition conditions means way time")
"""Behind a preposition and `no`, they deny the sentence: "under no circumstances"."""
NOUNS_OF_FORBIDDING = _words(
    "ban prohibition embargo moratorium veto boycott blocklist blacklist do-not-contact exclusion "
    "exclusions breach violation "
    "verbot interdiction prohibición divieto"
)
WARNS = _words("beware wary distrustful hate hates hated")

# --- withholding and removing --------------------------------------------------------------

WITHHOLDS = _forms(
    "hide conceal withhold shield protect guard prevent deter hinder restrain dissuade "
    "stop exclude block bar ban",
    "withheld hidden",
)
"""Verbs that withhold from whom `from` says."""
KEEPS = _words("keep keeping kept keeps")
KEPT = _words(
    "it this that them these those everything anything all things secret hidden private away "
    "quiet back clear off out confidential"
)
UNSHARED = _words(
    "private confidential secret internal hidden unshared undisclosed unpublished restricted "
    "classified personal offline"
)
"""What must stay so is not to be given to anybody."""
STAYS = _words("stay stays remain remains")
TO_ITSELF = _words("yourself myself ourselves wraps")
"""Behind a preposition they say the same: "keep it to yourself"."""
REMOVES = _forms(
    "remove drop strike scratch delete cut take pull get cross erase kick leave keep",
    "taking getting striking leaving leave left keeping cutting kept taken took struck",
)
AWAY = _words("off out aside alone untouched away")
AUDIENCE = _words(
    "recipient recipients list lists cc bcc addressees addressee distribution mailing thread loop "
    "audience to field copy invitees circulation circle line conversation mails mail emails"
)
STEERS = _words("steer stay keep")
DENIES_ACCESS = _forms("deny spare unsubscribe mute reject snub ghost")

# --- exceptions ----------------------------------------------------------------------------

EXCEPTS = _words(
    "except excepting excluding minus barring discounting omitting skipping ignoring "
    "bypassing dropping excl exclusive außer ausgenommen ausser "
    "sauf hormis excepté excepto salvo menos eccetto tranne exceto behalve uitgezonderd oprócz "
    "utom undtagen unntatt кроме hariç"
)
"""What they except stands behind them."""
EXCEPTED = _words(
    "excepted excluded exempted exempt omitted aside apart left skipped ignored blocked banned "
    "barred dropped uninvited"
)
"""What they except stands before them."""
EXCEPTION = _words("exception exceptions ausnahme excepción eccezione exceção l'exception")
AFTER_EVERYBODY = _words("bar save saving beside besides less sans ex outside short")
"""Words that except where everybody, or everything, is spoken of before."""
APART = {"other": "than", "different": "from", "apart": "from", "aside": "from", "but": "for"}
EVERYBODY = _words(
    "everyone everybody all anyone anybody everything anything other others apart every each any "
    "whole alle allen jedem jeden tous toutes todos todas tutti iedereen wszystkich alla всем"
)
INSTEAD = {
    "instead": ("of",),
    "rather": ("than",),
    "place": ("of",),
    "lieu": ("of", "de"),
    "opposed": ("to",),
    "short": ("of",),
    "statt": (),
    "anstatt": (),
    "anstelle": (),
    "lugar": ("de",),
    "vez": ("de",),
    "invece": ("di",),
    "plaats": ("van",),
    "zamiast": (),
    "stället": ("för",),
    "stedet": ("for",),
    "вместо": (),
}
LEAVES_OUT = _words("leave keep cut take")
SKIPS = _words("skip omit ignore block ban")
IS_LEFT_OUT = _words("left excluded omitted skipped ignored blocked banned")
UNLESS = _words("unless lest")

# --- corrections ---------------------------------------------------------------------------

CORRECTS = (
    "i meant",
    "i mean",
    "i meant to say",
    "make that",
    "make it",
    "scratch that",
    "scratch this",
    "scratch it",
    "strike that",
    "cancel that",
    "undo that",
    "ignore that",
    "disregard that",
    "disregard this",
    "forget that",
    "forget it",
    "forget this",
    "never mind",
    "nevermind",
    "correction",
    "take that back",
    "take it back",
    "second thought",
    "second thoughts",
    "changed my mind",
    "my mistake",
    "my bad",
    "my error",
    "that was wrong",
    "this was wrong",
    "that is wrong",
    "that's wrong",
    "that should be",
    "should read",
    "typo",
    "reconsidered",
    "misspoke",
    "mistyped",
    "the wrong one",
    "let's not",
    "erratum",
    "should have been",
)
"""Phrases that withdraw what stands before them."""
CORRECTS_DIRECTLY = (
    "sorry", "no", "nope", "wait", "actually", "oops", "whoops", "rather", "better", "er", "erm",
    "instead", "pardon", "apologies", "ugh", "argh", "hmm", "hang on", "hold on",
)  # fmt: skip
"""The same where another value stands right behind them."""
REPLACES = {
    **dict.fromkeys(_forms("replace"), ("by", "with")),
    **dict.fromkeys(_forms("change switch correct", "switched"), ("to", "into")),
    **dict.fromkeys(_forms("swap exchange"), ("for", "with")),
}
TAKES_OFF = _words(
    "weg raus streich streiche streichen entferne entfernen supprime retire enlève quita elimina "
    "rimuovi togli verwijder usuń ta"
) - {"ta"}
INVALID = _words("wrong incorrect outdated obsolete invalid expired void stale dead")
UNSEEN_CORRECTIONS = _words(
    "correction scratch strike nevermind mistake oops whoops retract revoke withdraw rescind "
    "retracted withdrawn rescinded instead"
)

# --- doubt ---------------------------------------------------------------------------------

DOUBTING = frozenset(
    NOT | WHOLE | {"isn't", "aren't"} | CANNOT | FORBIDDEN | FORBIDS | REFUSES | AGAINST
    | STOPS | NOUNS_OF_FORBIDDING | WARNS | WITHHOLDS | KEEPS | DENIES_ACCESS | EXCEPTS | EXCEPTION
    | UNLESS | UNSEEN_CORRECTIONS | STEERS | STAYS
    | _words("besides rather only apart aside skip skipping excluded exempt nope")
    | _words("sorry actually oops whoops meant mean formerly spare alone")
)  # fmt: skip
"""A prompt with one of these may mean something else than that all that it names be dealt with."""

# --- all of them ---------------------------------------------------------------------------

CROSSES = ("\u2717", "\u2718", "\u274c", "\U0001f6ab")
SIGNS = (
    "~~", "不", "别", "別", "勿", "禁止", "除了", "除外", "ないで", "せん", "除く", "除き", "말고",
    "지마", "지 마", "제외", "금지", "لا ", "بدون", "باستثناء", *CROSSES,
)  # fmt: skip
"""Signs that deny, and parts of words of languages that write without spaces."""
BY_ITSELF = _words(
    "not never no don't dont except but without nicht nie niemals kein pas jamais nunca non"
) | {"do not", "must not", "may not"}
BY_ITSELF |= {form for word in BY_ITSELF for form in (word.upper(), word.capitalize())}
"""What in quotation marks is stressed, and is not a title."""
DENYING = frozenset(
    NOT | WHOLE | CANNOT | CONDEMNS | TAKES_OFF | NEGATED_FACTS | {*CONTRACTED} | FORBIDDEN
    | FORBIDS | REFUSES | AGAINST | STOPS
    | NOUNS_OF_FORBIDDING | WARNS | WITHHOLDS | KEEPS | STAYS | REMOVES | DENIES_ACCESS | EXCEPTS
    | EXCEPTED | EXCEPTION | AFTER_EVERYBODY | {*APART} | {*INSTEAD} | LEAVES_OUT | SKIPS
    | IS_LEFT_OUT | UNLESS | {*REPLACES} | INVALID | UNSEEN_CORRECTIONS | PREVIOUSLY | STEERS
    | {word for phrase in (*CORRECTS, *CORRECTS_DIRECTLY) for word in phrase.split()}
    | _words("bis object objects pass hands limits bounds question hold watch look clear grata")
    | _words("mind spared spare")
) - _words("i it to that this be been have is was my")  # fmt: skip
"""Every word that any of these begins with or holds: a prompt without them denies nothing."""
