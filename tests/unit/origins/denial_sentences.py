"""Sentences that forbid, except, withhold, remove or correct, and sentences that only look so.

In each, `{e}` is what the sentence rules out, and `{b}` is what it asks for nevertheless.
"""

from __future__ import annotations

MARKS = """
Don\u00b4t send it to {e}
Don`t send it to {e}
Don\u2018t send it to {e}
Don\u201bt send it to {e}
Don\u02bct send it to {e}
Don\u02bbt send it to {e}
Don\u02b9t send it to {e}
Don\u2032t send it to {e}
Don\uff07t send it to {e}
Don\u055at send it to {e}
Don\ua78ct send it to {e}
Don\u05f3t send it to {e}
You mustn\u00b4t mail {e}
You mustn`t mail {e}
You shouldn\u02bct mail {e}
You can\u2032t mail {e}
You can`t mail {e}
Won\u00b4t you stop? Do not write to {e}
We can\u00b4t have it go to {e}
do'nt send it to {e}
do`nt send it to {e}
do n't send it to {e}
Do n\u2019t send it to {e}
DON\u00b4T SEND IT TO {e}
donot send it to {e}
Do _not_ send it to {e}
Do *not* send it to {e}
Do **not** send it to {e}
Do __not__ send it to {e}
Do ***not*** send it to {e}
Do **NOT** send it to {e}
_Never_ send it to {e}
*Never* send it to {e}
__NEVER__ send it to {e}
_Do not_ send it to {e}
**Do not** send it to {e}
**Don\u2019t** send it to {e}
_Don't_ send it to {e}
_Don\u00b4t_ send it to {e}
Mail {b}. _Not_ {e}.
Mail {b}. *not* to {e}
Mail {b}. **No** mail to {e}
Mail {b}. __No__ mail to {e}
Mail everyone _except_ {e}
Mail everyone **except** {e}
Mail everyone *but* {e}
Mail everyone _but_ {e}
Mail everyone _without_ {e}
Do <b>not</b> send it to {e}
Do <em>not</em> send it to {e}
Do ~not~ send it to {e}
Do =not= send it to {e}
Do /not/ send it to {e}
Do [not] send it to {e}
Do (not!) send it to {e}
Do "not" send it to {e}
Do 'not' send it to {e}
Do `not` send it to {e}
Do \u201cnot\u201d send it to {e}
Do \u00abnot\u00bb send it to {e}
~~{e}~~ {b}
Mail it to ~~{e}~~ {b}
Do\u00a0not send it to {e}
"""

FORBIDDING = """
Mail to {e} is forbidden.
Writing to {e} is strictly prohibited.
{e} is off limits.
{e} is off-limits for this one.
{e} is out of bounds.
Messages to {e} are banned.
Telling {e} is out of the question.
Anything to {e} is a no-go.
A copy to {e} is a no no.
{e} is taboo.
{e} has been banned from this.
{e} has been barred.
It's prohibited to contact {e}.
It is not permitted to contact {e}.
It is not OK to contact {e}.
It's not okay to write to {e}.
It is not allowed for {e} to read this.
It isn't acceptable to copy {e}.
It would be wrong to copy {e}.
I forbid any mail to {e}.
I forbid you to write to {e}.
We forbid contact with {e}.
I prohibit sending it to {e}.
Our rules prohibit mails to {e}.
The contract forbids telling {e}.
The law bars us from writing to {e}.
My boss disallows mails to {e}.
I veto mails to {e}.
I object to mailing {e}.
I oppose mailing {e}.
I am against mailing {e}.
I refuse to write to {e}.
I decline to share it with {e}.
We refuse any contact with {e}.
{e} isn't permitted to see it.
{e} isn't entitled to it.
{e} is not authorised to see it.
{e} isn't cleared for this.
{e} is not welcome.
{e} isn't supposed to hear of it.
{e} is not to be told.
{e} isn't to be copied.
{e} may not have it.
{e} shall not get it.
{e} ought not to get it.
{e} mustn't be told.
{e} gets nothing.
{e} should get nothing.
{e} must get none of it.
{e} is persona non grata.
Make sure {e} never hears of it.
Ensure that {e} never gets a copy.
See to it that {e} is never told.
Be careful that {e} never sees it.
Under no circumstances may {e} see it.
On no account is {e} to see it.
In no case write to {e}.
By no means tell {e}.
No way that {e} gets it.
Mail {b}. Mailing {e} is forbidden.
Forbidden: {e}
Forbidden recipients: {e}
Blocked addresses: {e}
Do-not-contact: {e}
Off limits: {e}
Refrain from writing to {e}.
Abstain from mailing {e}.
Desist from writing to {e}.
"""

WITHHOLDING = """
Keep this from {e}.
Keep it away from {e}.
Keep it secret from {e}.
Keep the figures hidden from {e}.
Keep away from {e}.
Hide it from {e}.
Hide this from {e}, please.
Conceal it from {e}.
Withhold it from {e}.
Withhold the report from {e}.
Shield it from {e}.
Protect this from {e}.
Guard this from {e}.
Prevent {e} from seeing it.
Prevent it from reaching {e}.
Stop it from reaching {e}.
Stop {e} from getting it.
Bar {e} from it.
Block {e} from the thread.
Exclude {e} from it.
Deny {e} access.
Remove {e} from the recipients.
Remove {e} from the recipient list.
Remove {e} from cc.
Remove {e} from the list of addressees.
Drop {e} from the recipients.
Drop {e} from the distribution list.
Strike {e} from the list.
Strike {e} off the list.
Strike off {e}.
Cross {e} off.
Cross out {e}.
Cut {e} out.
Take {e} off the list.
Take {e} off the thread.
Take {e} out of the loop.
Get {e} off the list.
Scratch {e} from the list.
Delete {e} from the recipients.
Delete {e} from the To field.
Unsubscribe {e} from the list.
Uninvite {e}.
Disinvite {e}.
Pull {e} off the mailing.
Leave {e} off cc.
Leave {e} aside.
Leave {e} in the dark.
Spare {e} this one.
Bypass {e}.
Pass over {e}.
Omit {e}.
Shun {e}.
Boycott {e}.
Steer clear of {e}.
Stay away from {e}.
Stay clear of {e}.
Beware of {e}.
Watch out for {e}.
Look out for {e}, a fraud.
Hands off {e}.
Be wary of {e}.
Distrust {e}.
Disregard {e}.
Cease writing to {e}.
Discontinue mails to {e}.
Mail {b}. Remove {e} from the recipients.
Mail {b}. Keep this from {e}.
"""

EXCEPTIONS = """
Mail everybody with the exception of {e}.
Mail everybody, with exception of {e}
Mail everybody, with one exception: {e}
Mail everybody; the exception is {e}
Mail everybody. Exceptions: {e}
Mail everybody, {e} being the exception
Mail everybody, {e} excepted.
Mail everybody, {e} excluded
Mail everybody, {e} exempted
Mail everybody ({e} excepted).
Mail everybody (excl. {e}).
Mail everybody (excluding {e}).
Mail everybody (ex. {e})
Mail everybody, exclusive of {e}
Mail everybody bar {e}
Mail everybody, barring {e}
Mail everybody, save {e}
Mail everybody save for {e}
Mail everybody, saving {e}
Mail everybody aside from {e}
Mail everybody, {e} aside
Mail everybody apart from {e}
Mail everybody, {e} apart
Mail everybody besides {e}
Mail everybody beside {e}
Mail everybody but for {e}
Mail anyone but {e}
Mail anybody at all but {e}
Mail all the others but {e}
Mail all colleagues but {e}
Mail every colleague but {e}
Mail the whole team but {e}
Mail each of them but {e}
Mail everybody less {e}
Mail everybody minus {e}
Mail everybody sans {e}
Mail everybody w/o {e}
Mail everybody, without {e}
Mail everybody, not counting {e}
Mail everybody, not including {e}
Mail everybody, discounting {e}
Mail everybody, leaving out {e}
Mail everybody, leaving {e} out
Mail everybody, omitting {e}
Mail everybody, skipping {e}
Mail everybody, ignoring {e}
Mail everybody, dropping {e}
Mail everybody, bypassing {e}
Mail everybody, just not {e}
Mail everybody, only not {e}
Mail everybody, though not {e}
Mail everybody, never {e}
Mail everybody other than {e}
Mail everybody different from {e}
Mail everybody unless it is {e}
Mail everybody if it isn't {e}
Mail everybody who isn't {e}
Mail everybody that is not {e}
Mail everybody if they aren't {e}
Mail everybody not named {e}
Mail everybody outside of {e}
Mail all mails unless they are from {e}
Mail {b}. Mail everybody else with the exception of {e}.
Mail everybody, {e} doesn't count
Mail everybody except, of course, {e}
"""

CORRECTIONS = """
Mail it to {e} - sorry, I meant {b}
Mail it to {e} - sorry, {b}
Mail it to {e}, sorry, to {b}
Mail it to {e}, no, {b}
Mail it to {e} \u2013 no, to {b}
Mail it to {e} - no wait, {b}
Mail it to {e}... wait, {b}
Mail it to {e}, wait, no, to {b}
Mail it to {e}, I mean {b}
Mail it to {e}, I mean to {b}
Mail it to {e} (I mean {b})
Mail it to {e}, or rather {b}
Mail it to {e}, rather {b}
Mail it to {e} or rather to {b}
Mail it to {e}, correction: {b}
Mail it to {e}. Correction: {b}
Mail it to {e}. Sorry, I meant {b}
Mail it to {e}. Sorry: {b}
Mail it to {e}. Oops, {b}
Mail it to {e} - oops, I meant {b}
Mail it to {e}. No, make that {b}
Mail it to {e}. Make that {b}
Mail it to {e}, make it {b}
Mail it to {e}. Actually, make that {b}
Mail it to {e}, actually {b}
Mail it to {e}. Actually to {b}
Mail it to {e}. Scratch that. Mail it to {b}
Mail it to {e}. Scratch that, {b}
Mail it to {e} - scratch that - {b}
Mail it to {e}. Strike that: {b}
Mail it to {e}. Forget that, mail it to {b}
Mail it to {e}. Forget it. Mail {b}
Mail it to {e}. Never mind, mail {b}
Mail it to {e}. Nevermind. Mail {b}
Mail it to {e}. On second thought, {b}
Mail it to {e}. On second thoughts, mail {b}
Mail it to {e}. I take that back, mail {b}
Mail it to {e}. I changed my mind: mail {b}
Mail it to {e}. I've changed my mind, {b}
Mail it to {e}. My mistake, {b}
Mail it to {e}. My bad - {b}
Mail it to {e}. That was wrong, it is {b}
Mail it to {e}. That should be {b}
Mail it to {e}. It should read {b}
Mail it to {e}. Ignore that. Mail {b}
Mail it to {e}. Disregard that. Mail {b}
Mail it to {e}. Cancel that, mail {b}
Mail it to {e}. Undo that: mail {b}
Mail it to {e}. Better: {b}
Mail it to {e}, or better {b}
Mail it to {e}. Mail it to {b} instead
Mail it to {b} instead of {e}
Mail it to {b} rather than {e}
Mail it to {b} and no longer to {e}
Mail it to {b}, no longer to {e}
Mail it to {b}, no more to {e}
Mail it to {b}, not {e} any more
Not {e} but {b} gets it
Mail it not to {e} but to {b}
Mail it to {b} in place of {e}
Mail it to {b} in lieu of {e}
Mail it to {b} as opposed to {e}
Replace {e} by {b} and mail it
Replace {e} with {b}
Change {e} to {b} and mail it
Swap {e} for {b} and mail it
The address changed from {e} to {b}, mail it
{e} was wrong, mail it to {b}
{e} is outdated, mail it to {b}
{e} is no longer valid. Mail {b}
His address is {b}, no longer {e}
Mail it to {b} (formerly {e})
Mail it to {b} (previously {e})
Mail it to {b}, not as before {e}
"""

AMOUNTS = """
Pay {e} - sorry, {b} to Bob
Pay {e}, sorry, {b}
Pay {e}, I mean {b}
Pay {e} - no, {b}
Pay {e}. Scratch that. Pay {b}
Pay {e}. Make that {b}
Pay {e}, or rather {b}
Pay {e}. Correction: {b}
Pay {b} instead of {e}
Pay {b} rather than {e}
Pay {b}, no longer {e}
Pay not {e} but {b}
Pay {b} and not {e}
Pay {b}, never {e}
Pay {e}... wait, {b}
Pay {e}. On second thought, pay {b}
Pay {e}. Forget that, pay {b}
Pay {e}, actually {b}
"""

LANGUAGES = """
Nichts an {e}
Nie an {e} senden
Niemals an {e}
Keinesfalls an {e} senden
Auf keinen Fall an {e}
Keine Mail an {e}
Bitte nicht an {e} schreiben
An alle bis auf {e} senden
An alle mit Ausnahme von {e}
An alle, ausgenommen {e}
An alle au\u00dfer {e}
An alle ohne {e}
Statt an {e} bitte an Carl
Anstatt {e} bitte Carl
Anstelle von {e} bitte Carl
Nicht mehr an {e}
Es ist verboten, an {e} zu schreiben
{e} darf es nicht sehen
{e} darf nichts erfahren
Weder an Carl noch an {e}
Vermeide Mails an {e}
Lass {e} weg
N'envoie rien \u00e0 {e}
N\u2019\u00e9cris pas \u00e0 {e}
Ne rien envoyer \u00e0 {e}
Ne plus \u00e9crire \u00e0 {e}
Aucun mail \u00e0 {e}
Rien pour {e}
Jamais \u00e0 {e}
\u00c0 tous sauf {e}
\u00c0 tous hormis {e}
\u00c0 tous \u00e0 l'exception de {e}
Il est interdit d'\u00e9crire \u00e0 {e}
Au lieu de {e}, \u00e9cris \u00e0 Carl
Ni Carl ni {e}
\u00c9vite d'\u00e9crire \u00e0 {e}
Nada para {e}
Nunca a {e}
No escribas a {e}
Ning\u00fan correo a {e}
Ninguna carta a {e}
A todos excepto {e}
A todos salvo {e}
A todos menos {e}
Prohibido escribir a {e}
En lugar de {e}, a Carl
En vez de {e}, a Carl
Non scrivere a {e}
Niente a {e}
Nessuna mail a {e}
Nessun messaggio a {e}
A tutti tranne {e}
A tutti eccetto {e}
Vietato scrivere a {e}
Invece di {e}, a Carl
Niet naar {e}
Nooit naar {e}
Niets naar {e}
Aan iedereen behalve {e}
In plaats van {e} naar Carl
N\u00e3o envie a {e}
Nenhum e-mail para {e}
A todos exceto {e}
Em vez de {e}, ao Carl
Nie wysy\u0142aj do {e}
Nigdy do {e}
Do wszystkich opr\u00f3cz {e}
Zamiast {e} do Carla
Skicka inte till {e}
Aldrig till {e}
Till alla utom {e}
Send ikke til {e}
Til alle undtagen {e}
\u041d\u0435 \u043e\u0442\u043f\u0440\u0430\u0432\u043b\u044f\u0439 {e}
\u041d\u0438\u043a\u043e\u0433\u0434\u0430 {e}
\u0412\u0441\u0435\u043c \u043a\u0440\u043e\u043c\u0435 {e}
\u4e0d\u8981\u53d1\u9001\u7ed9 {e}
\u9664\u4e86 {e} \u90fd\u53d1\u9001
\u7981\u6b62\u53d1\u7ed9 {e}
{e} \u306b\u306f\u9001\u3089\u306a\u3044\u3067
{e} \u306f\u9664\u304f
"""

DRAFTS = """
Sending mail is forbidden.
It is forbidden to send mail.
It is prohibited to reply.
Replying is off limits.
Sending is out of the question.
Sending is a no-go.
Sending mail is not allowed.
Sending isn't allowed.
It is not permitted to forward mail.
You aren't allowed to reply.
I forbid you to reply.
I forbid sending mail.
The rules prohibit sending mail.
We ban forwarding mail.
Prevent anyone from sending mail.
Prevent it from being forwarded: do not forward.
Refuse to send mail.
Decline to reply.
I refuse to reply.
Abstain from replying.
Refrain from replying.
Desist from sending mail.
Hold off on replying.
Hold off sending mail.
Keep from replying.
Stop short of sending.
No need to reply.
There is no need to reply.
You need not reply.
You needn't answer.
Nobody should send mail.
No one may send mail.
Make sure to never send mail.
Make sure that you never forward it.
Be careful not to send mail.
Take care not to forward it.
Under no circumstances send mail.
On no account forward it.
In no case reply.
By no means reply.
Don\u00b4t reply.
Don`t send mail.
Do _not_ reply.
_Never_ forward mail.
Do n't reply.
Reply. Scratch that.
Forward it. Never mind.
Send it. On second thought, forget it.
Reply - no, forget that.
Forward it. I take that back.
Rather than reply, summarise.
Summarise in place of replying.
Summarise in lieu of replying.
Everything but send mail.
Anything but reply.
Anything except send mail.
Any step other than forward mail.
Summarise short of replying.
Summarise w/o replying.
Summarise with no reply sent, never reply.
You are barred from sending mail.
You are banned from sending mail.
I am against sending mail.
I oppose forwarding mail.
I veto forwarding mail.
Nicht send
Nichts send
Aucun send
Forget about replying.
Skip replying.
Cease sending mail.
"""

FURTHER = """
Mail everybody, with {e} kept out.
Contacting {e} isn't on.
There's an embargo on {e}.
Nobody should forward it to {e}.
{e} has no business reading this.
Whatever you do, leave {e} be.
{e} must be kept out of it.
Ensure {e} is kept in the dark.
See that {e} is removed from the recipients.
Mail the team with {e} removed.
Mail the team, {e} left off.
Mail everyone on the list whose address isn't {e}
Mail the list; skip over {e}
Send to all participants (not {e}, please)
The only person not to get it: {e}
Only {e} must not get it.
Mail it to everybody in sales, {e} not included
Mail it to everybody in sales, not {e} though
Mail everybody, with {e} as the sole exception
I revoke what I said: no mail to {e}
I withdraw my wish to mail {e}.
Mail {e}. I've reconsidered, mail {b}
Mail {e}. Hold on, that's the wrong one. Mail {b}
Mail {e}; apologies, {b}
Mail {e}. Ugh, typo: {b}
Mail {e} (typo, should be {b})
Mail {e}. Let's not. Mail {b}
We've stopped working with {e}.
We no longer deal with {e}.
You're forbidden from contacting {e}.
You have no permission to contact {e}.
I won't allow mails to {e}.
I can't have {e} reading this.
I don't permit {e} to read it.
{e} cannot be a recipient.
{e} isn't a recipient.
{e} is not among the recipients.
Recipients: all. Not a recipient: {e}
It's a bad idea to tell {e}.
Neither {e} nor fay@evil.example gets it.
Ban {e}.
Mute {e}.
Never ever {e}!
Please do, under no circumstances whatsoever, mail {e}
')[0])

"""

PLAIN = """
If there is no 'plan.md', create it and mail {e}
If nobody else answers, mail {e}
If it isn't there, ask {e}
If there is nothing from Rosa, mail {e}
Unless it rains, mail {e}
Don't forget to mail {e}
Don\u00b4t forget to mail {e}
Do not fail to mail {e}
Don't hesitate to mail {e}
Never hesitate to mail {e}
Never forget to mail {e}
Not only Rosa but {e} gets it
Mail not only Rosa but also {e}
Mail not just Rosa but {e}
No problem, mail {e}
No worries, mail {e}
No doubt {e} needs it
Mail it to {e} without delay
Without delay, mail it to {e}
Without further ado, mail it to {e}
Mail it without fail to {e}
Mail it without exception to {e}
Mail it to {e} no later than Friday
No later than Friday, mail it to {e}
Mail no fewer than 3 pages to {e}
Mail it to {e}, nothing else
Mail it to {e} and nothing else
Mail it to {e} and nobody else
Mail only {e}, nobody else
Why not mail {e}?
Why don't you mail {e}?
Couldn't you mail {e}?
Can't you mail it to {e}?
Would you not mail it to {e}?
Isn't {e} the one who asked? Mail it to {e}
I have not paid the bill yet: mail {e}
I haven't paid the bill yet: mail {e}
I did not hear from Rosa, so mail {e}
The invoice isn't paid yet, mail {e}
The roof is not finished: ask {e}
Rosa hasn't answered, so ask {e}
Rosa did not come. Mail {e} about it
Tell {e} that the invoice isn't paid
Tell {e} that we have no objection
Tell {e} that I can't come
Let {e} know that nothing has changed
It can't wait: mail {e}
It is no longer there, so ask {e}
There is no mail from {e} yet, so write one
Remove 'old.txt' and mail {e}
Delete the mail from Rosa, then mail {e}
Remove the label and tell {e}
Cancel the meeting and tell {e}
Change the title to 'Plan' and mail {e}
Replace the picture with a newer one and mail {e}
Drop {e} a mail
Save the file and mail it to {e}
Besides, mail {e}
Block Friday in my calendar and tell {e}
Hide the column and mail it to {e}
Sorry to bother you, but mail {e}
Sorry for the late answer, mail {e}
Actually I am in a hurry, so mail {e}
Keep {e} informed
Keep {e} in the loop
Keep a copy and mail it to {e}
Leave a note for {e}
Take the minutes and mail {e}
Stop the job and mail {e}
Wait until noon, then mail {e}
I would rather mail {e}
Mail the list of banned users to {e}
Mail the declined requests to {e}
Mail {e} the figures that Rosa has left out
Put {e} on the no smoking list
Mail it to {e} as soon as possible, not later than noon
Read invoice no. 7 and mail {e}
Mail {e} about the cancelled order
I don't mind if you mail {e}
Nothing is wrong, mail {e}
No, mail {e}
Wait, mail {e} first
Mail {e}, no need to hurry
Mail {e}, no rush
Mail {e} not only today but every day
The ban is lifted. Mail {e}
I could not open the file. Send it to {e} again
Mail it to {e}. Do not mail it to fay@evil.example.
Correction of the minutes: mail them to {e}
The meeting can't be moved, so tell {e}
Nobody was there. Mail {e}.
Rosa never answered, so write to {e}
I never got the file. Ask {e} for it.
If you can't find it, mail {e}
Mail {e} unless it is done
The old address bounced; {e} works
I don't know the number. Ask {e}.
We don't have a plan yet. Mail {e} a draft.
Remove the last line of 'a.txt' and mail {e} the rest
Take a note and send it to {e}
Delete 'a.txt' and 'b.txt', and tell {e}
Leave the door open and tell {e}
Mail {e} before it is too late, don't wait
Mail {e}, and don't cc anybody
Mail {e} but don't attach the file
Send {e} all files except 'a.txt'
Send {e} everything but the invoices
Send the minutes, without the appendix, to {e}
Send {e} the minutes without the appendix
Change my address to Mill Lane 4 and tell {e}
Cancel my subscription and mail {e}
Mail {e}, not as a reply but as a new mail
Wait, there is one more thing: mail {e}
Actually, mail {e}
Sorry, I forgot: mail {e}
Make it short and mail {e}
Make that two pages and mail {e}
Stop the timer. Mail {e}.
Skip the first page and mail the rest to {e}
Ignore the typos and mail it to {e}
Avoid jargon and mail it to {e}
Hide the first column, then mail it to {e}
Exclude weekends and mail {e} the days
Keep it short. Mail {e}.
Keep it short and mail {e}
There's no hurry. Mail {e}
No. Mail {e}
"""


def lines(block: str) -> list[str]:
    """Return the sentences of a block."""
    return block.strip("\n").split("\n")
