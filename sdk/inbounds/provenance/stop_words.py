"""Words that a request may hold whatever it is about, so that they name nothing by themselves.

Whoever sends a mail chooses its subject, and `your mail` or `please reply` stand in most
requests: a record of such a title was not named by the user.
"""

from __future__ import annotations

import re

_SAY_NOTHING = """
    a about above across after again against all along already also although always am among an
    and another any anybody anyone anything anyway are around as ask asked at away back be because
    been before behind being below best better between both but by can cannot could day days
    december did do does doing done down during each either else enough even ever every everybody
    everyone everything few finally first for from further get gets give given gives go goes going
    got had has have having he hello help her here hers herself hey hi him himself his how however
    i if in indeed inside instead into is it its itself just keep kind know last later least less
    let like likely long look looks made make makes making many may maybe me might mine more
    morning most much must my myself name named near need needed needs neither never new next no
    nobody none nor not nothing now of off often old on once one ones only onto open or other
    others our ours ourselves out outside over own part past people per perhaps person place
    please possible put quite rather re really regarding right said same say says second see
    seen several shall she should show since so some somebody someone something soon still such
    sure take taken tell than thank thanks that the their theirs them themselves then there
    therefore these they thing things this those though through thus till time to today together
    tomorrow tonight too toward towards try two under unless until up upon us use used using very
    via want wanted wants was way we week well were what whatever when whenever where wherever
    whether which while who whoever whole whom whose why will wish with within without work would
    year yes yesterday yet you your yours yourself

    dd hh mm ss yy yyyy
"""

_ANY_REQUEST = """
    account accounts action actions add added address addresses agent ai amount amounts answer
    answers app appointment appointments assistant attached attachment attachments balance bank
    bill bills body book booking bookings calendar calendars call calls cancel card channel
    channels chat check class client clients code comment comments company contact contacts
    content contents copy create created customer customers data date dates delete deleted
    description detail details document documents download draft drafts drive due edit email
    emails end entries entry error event events example expense expenses file filename files fill
    find finish fix folder folders follow following forward fwd group groups home hour hours id
    important inbox info information instruction instructions invoice invoices invite invited item
    items job kindly latest line link links list lists location log mail mailbox mails main
    manager meet meeting meetings member members message messages minute minutes money month
    months move news note notes notice notification notifications number numbers office order
    orders page pages paid participant participants password pay payment payments phone plan
    plans point post posts price problem product profile program project projects question
    questions read receive received recent recently recipient recipients record records
    reminder reminders remove rename repeat replies reply report reports request requests
    reschedule reservation reserve reset result results review reviews run save schedule scheduled
    search section security send sender sends sent service services session set setting settings
    share shared site size sort start started status step steps store subject subjects summaries
    summarise summarize summary support system systems table task tasks team text ticket tickets
    title titles tool tools topic total transaction transactions transfer transfers trip type
    unread untitled update updated updates upload urgent url user username users value values
    version visit web website website words workspace write written

    january february march april june july august september october november monday tuesday
    wednesday thursday friday saturday sunday jan feb mar apr jun jul aug sep sept oct nov dec mon
    tue wed thu fri sat sun pm eur usd gbp euro euros dollar dollars pound pounds
    csv doc docx html jpg json md pdf png ppt pptx txt xls xlsx zip
"""

_FILES = """
    bat bmp bz c cc cpp cs csv doc docx eml epub gif go gz h htm html ics java jpeg jpg js json key
    log md mov mp mp3 mp4 msg numbers odp ods odt pages pdf php pl png pps ppt pptx ps py rb rs rtf
    sh so sql svg tar tex tgz tiff ts tsv txt vcf vi wav webp xls xlsm xlsx xml yaml yml zip
"""

_WORD = re.compile(r"[^\W_]+")

EMPTY = frozenset(_SAY_NOTHING.split())
"""Words that say nothing of what is meant."""

GENERIC = frozenset(_ANY_REQUEST.split())
"""Words for what any request is about: none of them, nor two together, name one record."""

FILES = frozenset(_FILES.split())
"""What ends the name of a file more often than that of a host, also where it is a domain."""


def is_common(text: str) -> bool:
    """Whether a text is words alone that any request may hold; the name of a channel is not."""
    if text[:1] in ("#", "@"):
        return False
    return all(word in EMPTY or word in GENERIC for word in _WORD.findall(text.lower()))
