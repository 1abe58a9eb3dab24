"""The index of what one session has seen."""

from __future__ import annotations

import logging
from collections import OrderedDict, deque
from dataclasses import replace
from functools import partial
from itertools import chain, islice
from typing import TYPE_CHECKING, Any, TypeVar

from inbounds.model.question import Argument, Link, Origin
from inbounds.process.locks import ProcessLock

from .call_inputs import CallInputs
from .destinations import HOST_MARKS, is_outward, names_destination
from .grades import NOWHERE, PASTED, PROMPT, THIRD_PARTY, TRUSTED, stronger
from .link_marks import may_link
from .no_words import NoWords
from .records import Record, Seen, Walk
from .value_leaves import MOST as MOST_LEAVES
from .value_leaves import keys_of, leaves, may_state_amount, scaled, states_amount
from .values import NUMBER, embedded, nfc, text_key
from .written_values import WrittenValues

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Mapping, Sequence

    from inbounds.model.question import Grade, Parsed, Returns

    from .acted_on import ActedOn
    from .prompt import Words
    from .prompt_text import How
    from .stored_writes import StoredWrites
    from .titled_records import TitledRecords

T = TypeVar("T")

logger = logging.getLogger(__name__)

_PART_OF_ONE_RESULT = 4
"""One result may take up this part of the index, so that none pushes out all the others."""


class Origins:
    """What one session has seen, and from where: the prompts of its user and what tools returned.

    Bounded: beyond `values` the value that was seen least recently is dropped, and was found
    nowhere from then on. Thread-safe. Nothing in it is ever recorded.

    Args:
        values: How many values of fields are kept, and as many found in free text.
        records: How many records are kept that a later prompt may name.
    """

    def __init__(self, *, values: int = 20_000, records: int = 2_000) -> None:
        self._values = values
        self._lock = ProcessLock()
        self._words: Words | NoWords = NoWords()
        # Apart, so that any amount of text never pushes out what fields held.
        self._fields: OrderedDict[str, Origin] = OrderedDict()
        self._texts: OrderedDict[str, Origin] = OrderedDict()
        # What a first party's texts hold, and no field states as an amount.
        self._numbers: OrderedDict[str, Origin] = OrderedDict()
        self._records: deque[Seen] = deque()
        self._most_records = records
        self._in_records = 0
        # Made when a prompt first says a title.
        self._titled: TitledRecords[_Graded] | None = None
        # The title of a record that the user rules out, by what it holds, or what lies in it.
        self._excluded: OrderedDict[str, str] = OrderedDict()
        # The title by which the user has named a record, by what it holds; "" where there are two.
        self._named_by: OrderedDict[str, str] = OrderedDict()
        # What records hold, for a later prompt to rule them out by their titles.
        self._listed: deque[tuple[tuple[Mapping[str, bool], ...], Sequence[str]]] = deque()
        self._in_listed = 0
        self._all_listed = True
        # The last prompt that says of the title of a record that it may be kept, by what it holds.
        self._kept_from: OrderedDict[str, int] = OrderedDict()
        self._acted_on: ActedOn | None = None
        # What a third party's fields and texts hold in records that the prompts mention.
        self._mentioned: OrderedDict[str, None] = OrderedDict()
        # Whether no record is missing here: only then is it known that no other has a title.
        self._complete = True
        self._written = WrittenValues()
        # How often a call has written, changed or paid something.
        self.version = 0
        # Whether a call has let others see what it names, or has run something.
        self.is_sent_or_run = False
        self._writes: StoredWrites | None = None

    @property
    def writes(self) -> StoredWrites:
        """The calls of the session that did more than read."""
        with self._lock:
            if self._writes is None:
                # Imported here: many sessions only read.
                from .stored_writes import StoredWrites

                self._writes = StoredWrites()
            return self._writes

    # --- what is seen ---------------------------------------------------------------------

    def prompt(self, text: str) -> None:
        """Take the user's words, and whatever was seen before of the records they name.

        What is data in a prompt, such as a mail that was pasted into it, is a third party's text.
        """
        from .prompt_marks import apart

        # Whole: what closes a pasted part may stand anywhere.
        said, pasted = apart(text)
        self.words(said, pasted)

    def words(self, said: list[str], data: Iterable[str]) -> None:
        """Take a prompt that has been split already: the user's words, and what is data.

        Args:
            said: The user's words, as `stretches.apart` returns them.
            data: Texts of third parties, within the prompt or beside it.
        """
        with self._lock:
            quotes = self._user_words().add(said) if any(said) else []
            self._take_data([*quotes, *data])
            kept: deque[Seen] = deque()
            bans: dict[int, str] = {}
            if self._words.denies and not self._all_listed:
                self._user_words().doubt()
            for titles, keys in self._listed:
                self._exclude(titles, keys, bans)
                self._keep_from(titles, keys)
            for record in self._records:
                ruled_out = self._exclude((record.titles, *record.enclosing), record.named, bans)
                if not ruled_out:
                    held = self._mentions(record.called, record.named, record.texts)
                    self._mention(key for key in held if not self._is_written(key, record.same))
                named = self._named(record, record.graded)
                if named is None or ruled_out:
                    kept.append(record)
                    continue
                self._in_records -= record.size
                self._raise(self._fields, record, record.named, named["quoted"])
                self._raise(self._texts, record, record.texts, named["quoted_text"])
            self._records = kept

    def doubt(self) -> None:
        """Have a person asked about every value from now on: what the user said is not known."""
        with self._lock:
            self._user_words().doubt()

    def _user_words(self) -> Words:
        if isinstance(self._words, NoWords):
            from .prompt import Words

            self._words = Words()
        return self._words

    def data(self, texts: Iterable[str]) -> None:
        """Take texts that the user did not write: a third party's, whatever they hold."""
        with self._lock:
            self._take_data(texts)

    def _take_data(self, data: Iterable[str]) -> None:
        keys: dict[str, None] = {}
        for text in map(nfc, data):
            keys.update(
                (text_key(line.strip()), None) for line in text.splitlines() if line.strip()
            )
            keys.update(dict.fromkeys(embedded(text)))
        for key in islice(keys, self._values // _PART_OF_ONE_RESULT):
            if key not in self._written:
                self._put(self._texts, key, PASTED)

    def _raise(
        self, index: OrderedDict[str, Origin], record: Seen, keys: Collection[str], origin: Origin
    ) -> None:
        for key in keys:
            # What was evicted, or has been written by a call since, stays what it is.
            if key in index and not self._is_written(key, record.same):
                self._put(index, key, origin)

    def _named(self, record: Seen, graded: _Graded) -> _Graded | None:
        """The origins that a record gives which the user has named, or None.

        It is named by a title that the user said, and that a first party calls it by or no other
        record has had. One of a tainted store is never named, and has had its title all the same.
        """
        if not record.titles:
            return None
        words = self._words.titles
        if self._titled is not None:
            for given in self._titled.contest(record):
                self._doubt(given)
        for title, own in record.titles.items():
            # What nobody has looked at may have the title of a third party as well.
            if (own or self._complete) and words.names(title, own=own):
                return self._name_one(title, record, graded, own=own)
        for title, own in record.titles.items() if self._complete else ():
            if words.alludes(title, own=own):
                return self._name_one(title, record, graded, own=own)
        return None

    def _name_one(self, title: str, record: Seen, graded: _Graded, *, own: bool) -> _Graded | None:
        """The origins that a record gives if no other record of the session may be meant."""
        from .titled_records import TitledRecords

        if self._titled is None:
            self._titled = TitledRecords()
        gives = self._titled.name(
            title,
            record,
            graded.apart,
            self._records,
            own=own,
            is_exact=self._words.titles.says_file(title),
        )
        return None if gives is None else self._name(title, record, gives)

    def _name(self, title: str, record: Seen, graded: _Graded) -> _Graded | None:
        """Remember by which title the user has named what a record holds."""
        if graded.is_tainted:
            return None
        title = nfc(title).lower()
        for key in record.named:
            self._named_by[key] = title if self._named_by.get(key, title) == title else ""
            if len(self._named_by) > self._values:
                self._named_by.popitem(last=False)
        return graded

    def _deletes(self, keys: Iterable[str]) -> bool:
        """Whether the user says to delete the record that a value was named by."""
        titles = {self._named_by.get(key) for key in keys} - {None}
        return bool(titles) and all(title and self._words.titles.deletes(title) for title in titles)

    def _mentions(
        self, called: Mapping[str, bool], named: Iterable[str], texts: Iterable[str]
    ) -> Iterable[str]:
        """What the prompts mention of a record: all of it, or whom each record of a list names."""
        if any(self._words.titles.mentions(name, by_id=by_id) for name, by_id in called.items()):
            return chain(named, texts)
        return named if called and self._words.titles.tells_many else ()

    def _mention(self, keys: Iterable[str]) -> None:
        """Remember what a record holds that the prompts mention."""
        for key in keys:
            self._mentioned[key] = None
            if len(self._mentioned) > self._values:
                self._mentioned.popitem(last=False)

    def _is_written(self, key: str, same: Mapping[str, Iterable[str]]) -> bool:
        """Whether a call has written a value, or what it is a part of."""
        return any(each in self._written for each in (key, *same.get(key, ())))

    def _exclude(
        self, titles: Iterable[Mapping[str, bool]], keys: Iterable[str], bans: dict[int, str]
    ) -> bool:
        """Remember what a record holds if the user rules it out, and return whether they do.

        Args:
            titles: Its own, and those of each record that it lies in.
            keys: What it holds.
            bans: The title that is ruled out of each of these mappings, by its identity.
        """
        if not self._words.denies:
            return False
        for each in titles:
            if id(each) not in bans:
                bans[id(each)] = next(filter(self._words.rules_out_text, each), "")
        title = next(filter(None, (bans[id(each)] for each in titles)), "")
        if title:
            from .coarse_forms import coarse_forms

            self._remember(self._excluded, coarse_forms(keys), title)
        return bool(title)

    def _keep_from(self, titles: Iterable[Mapping[str, bool]], keys: Iterable[str]) -> None:
        """Remember what a record holds of which a prompt may say that it is to be kept."""
        turn = max((self._words.keeps(title) for each in titles for title in each), default=-1)
        if turn >= 0:
            from .coarse_forms import coarse_forms

            self._remember(self._kept_from, coarse_forms(keys), turn)

    def _list(self, titles: tuple[Mapping[str, bool], ...], keys: Sequence[str]) -> None:
        """Keep what a record holds, for a later prompt to rule it out by its titles."""
        self._keep_from(titles, keys)
        if not keys or not any(titles):
            return
        self._listed.append((titles, keys))
        self._in_listed += len(keys)
        while len(self._listed) > self._most_records or self._in_listed > self._values:
            self._in_listed -= len(self._listed.popleft()[1])
            self._all_listed = False

    def act(self, take: Callable[[ActedOn], T]) -> T:
        """Return what `take` does, of what calls of the session have done."""
        from .acted_on import ActedOn

        with self._lock:
            if self._acted_on is None:
                self._acted_on = ActedOn(self._remember)
            return take(self._acted_on)

    def _remember(self, index: OrderedDict[str, T], keys: Iterable[str], value: T) -> None:
        """Keep what must not be forgotten unnoticed: where it is too much, all is in doubt."""
        for key in keys:
            index[key] = value
            if len(index) > self._values:
                index.popitem(last=False)
                self._user_words().doubt()

    def _doubt(self, graded: _Graded) -> None:
        """Take back what a record has given of which nobody knows any more that it was named."""
        for index, named, plain in (
            (self._fields, graded["quoted"], graded["third_party_meta"]),
            (self._texts, graded["quoted_text"], graded["third_party_text"]),
        ):
            for key in [key for key, origin in index.items() if origin is named]:
                index[key] = plain

    def write(self, arguments: Mapping[str, Any]) -> None:
        """Take what a call is given that may keep it: it never comes back as something better.

        That the call fails, or returns nothing, does not say that it has kept nothing.
        """
        given = CallInputs(arguments)
        with self._lock:
            self.version += 1
            try:
                given.discard_trusted(self._of_leaf, self._of_part)
                self._written.add(given.lasting)
            except Exception as error:  # noqa: BLE001 -- arguments that an adapter tells of may be anything
                logger.warning("what a call wrote was not indexed: %s", type(error).__name__)
                given.unknown = True
            if given.unknown:
                self._written.add_all()

    def observe(
        self,
        result: Any,
        *,
        tool: str,
        returns: Returns,
        arguments: Mapping[str, Any],
        call: int,
        memory: bool,
        writes: bool = False,
        tainted: bool = False,
        weak: bool = False,
        registered: Mapping[str, Argument] | None = None,
        resource: str = "",
        resource_argument: str = "",
    ) -> None:
        """Index what a tool returned. Never raises; what cannot be read was found nowhere.

        Args:
            result: Whatever it is.
            tool: The name of the tool.
            returns: What the registry says that it returns.
            arguments: What it was called with: that never comes back as something better.
            call: Which call of the task it was; the first is 1.
            memory: Whether the tool gives back what it keeps over sessions.
            writes: Whether it may keep what it was given.
            tainted: Whether what it returns comes from a store that a third party's words were
                written to.
            weak: Whether nobody has vouched for what steered the call: what it has made is then no
                better than that.
            registered: The registry's description of the tool's arguments.
            resource: The type of the tool's resource.
            resource_argument: The argument that names it, as in the registry.
        """
        if writes:
            self.write(arguments)
        try:
            walk = Walk(returns, resource=resource, tainted=tainted, weak=weak)
            source = "memory" if memory else "tool"
            graded = _Graded(source, tool, call, is_tainted=tainted, weak=weak)
            walk.take(result)
            about = (registered or {}, returns.titled_by, resource_argument)
            made = self._observe(walk, returns, arguments, graded, about)
            if made:
                self.act(lambda done: done.make(made, arguments, registered or {}, weak=weak))
        except Exception as error:  # noqa: BLE001 -- a result may be anything, and the tool has run
            logger.warning("a result was not indexed: %s", type(error).__name__)

    def _observe(
        self,
        walk: Walk,
        returns: Returns,
        arguments: Mapping[str, Any],
        graded: _Graded,
        about: tuple[Mapping[str, Argument], str, str],
    ) -> list[str]:
        given = CallInputs(arguments)
        have_titles = any(field.holds == "title" for field in returns.fields.values())
        # The agent has chosen it, whatever the record itself is called.
        asked_for = dict.fromkeys(given.texts_at(returns.titled_by), False)
        # Where records have titles of their own, one without is called nothing.
        titles = {} if have_titles else asked_for
        called = {} if graded.is_tainted else {title: " " not in title for title in asked_for}
        if have_titles or asked_for:
            # Imported here: few results have titles.
            from .record_ids import places_of

            # What lies in a list was not read by the id that the call states.
            whole, graded.places = places_of(arguments, *about)
            walk.records[0].own_id = walk.records[0].own_id or whole
        bans: dict[int, str] = {}
        with self._lock:
            given.discard_trusted(self._of_leaf, self._of_part)
            room = self._values // _PART_OF_ONE_RESULT
            for record in walk.records:
                record.called |= called
                record.enclosing = (*filter(None, record.enclosing), asked_for)
                names = (record.titles or titles, *record.enclosing)
                held = (*record.firm, *record.named, *record.made)
                record.is_ruled_out = self._exclude(names, held, bans)
                self._list(names, held)
                room -= self._take(record, titles, given, graded, room)
                if room <= 0:
                    break
            if room <= 0 or walk.is_cut_off:
                self._doubt_allusions()
            if given.unknown:
                logger.debug("what a call was given was too much to compare its result with")
        return [key for record in walk.records for key in record.made]

    def _take(
        self, record: Record, titles: dict[str, bool], given: CallInputs, graded: _Graded, room: int
    ) -> int:
        """Index one record; returns how much room it took."""
        names = record.titles or titles
        held = frozenset(() if record.own_id else (*record.named, *record.texts)) - record.of_titles
        seen = Seen(
            names,
            (record.own[1], record.own_id),
            record.named,
            record.texts,
            hash(held) if held else 0,
            not record.titles,
            graded,
            record.enclosing,
            record.called,
            record.same,
        )
        quoted = self._named(seen, graded)
        if record.is_ruled_out:
            quoted = None
        all_new = given.nothing and not self._written

        def put(index: OrderedDict[str, Origin], keys: Iterable[str], origin: Origin) -> list[str]:
            nonlocal room
            new = list(islice(keys, room))
            if not all_new and index is self._texts:
                # However it is put together, it is no more than text.
                new = [key for key in new if key not in given and key not in self._written]
            elif not all_new:
                new = [key for key in new if not self._is_echo(key, record, given)]
            room -= len(new)
            for key in new:
                self._put(index, key, origin)
            return new

        before = room
        put(self._fields, record.firm, graded["first_party"])
        put(self._numbers, record.numbers, graded["first_party"])
        put(self._fields, record.made, graded.own)
        named: list[str] = []
        for grade in ("listing", "third_party_meta"):
            keys = (key for key, found in record.named.items() if found == grade)
            named += put(self._fields, keys, quoted["quoted"] if quoted else graded[grade])
        texts = put(
            self._texts,
            record.texts,
            quoted["quoted_text"] if quoted else graded["third_party_text"],
        )
        if quoted is None and (named or texts) and _is_nameable(names):
            self._keep(replace(seen, named=named, texts=texts))
        if not record.is_ruled_out and (named or texts):
            self._mention(self._mentions(record.called, named, texts))
        return before - room

    def _is_echo(self, key: str, record: Record, given: CallInputs) -> bool:
        """Whether the call itself, or one before it that wrote, held a value: in any spelling."""
        return given.holds(key, record.plain.get(key, "")) or any(
            each in self._written or given.holds(each, "")
            for each in (key, *record.same.get(key, ()))
        )

    def _keep(self, record: Seen) -> None:
        """Keep a record that a later prompt may name."""
        self._records.append(record)
        self._in_records += record.size
        while len(self._records) > self._most_records or self._in_records > 2 * self._values:
            self._in_records -= self._records.popleft().size
            self._doubt_allusions()

    def _doubt_allusions(self) -> None:
        """Take back what records gave that were alluded to: another of the title may be missing."""
        if not self._complete:
            return
        self._complete = False
        if self._titled is not None:
            for given in self._titled.of_others():
                self._doubt(given)

    def _put(self, index: OrderedDict[str, Origin], key: str, origin: Origin) -> None:
        known = index.get(key)
        if known is not None and not stronger(origin, known):
            index.move_to_end(key)
            return
        index[key] = origin
        if known is not None:
            index.move_to_end(key)
        elif len(index) > self._values:
            index.popitem(last=False)

    # --- what is asked --------------------------------------------------------------------

    def trace(
        self,
        arguments: Mapping[str, Any],
        registered: Mapping[str, Argument],
        parsed: Mapping[str, Parsed],
        *,
        decimals: int = 0,
        currency: str = "",
        deletes: bool = False,
    ) -> dict[str, Origin]:
        """Where the value of each leaf came from, by JSON Pointer.

        Args:
            arguments: In canonical form.
            registered: The registry's description of the tool's arguments.
            parsed: The leaves of a known kind.
            decimals: How many digits of an amount of the kind `money` are minor units.
            currency: That of the tool's amounts; one that was said in another is not the same.
            deletes: Whether the call takes with it what lies in its target.
        """
        found: dict[str, Origin] = {}
        with self._lock:
            for pointer, value, argument in leaves(arguments, registered):
                leaf = parsed.get(pointer)
                keys, said, how = keys_of(value, argument, leaf, deletes=deletes)
                # What a word of it is, such as a path, does not say that it is to be run.
                spoken = keys if how not in ("order", "deleted") else []
                if decimals and leaf is not None and leaf.kind == "money":
                    spoken = scaled(value, decimals)
                amount = states_amount(argument) or (leaf is not None and leaf.kind == "money")
                origin = self._find(keys, spoken, said, how, amount=amount, currency=currency)
                # Who chose the title of a record has not been told to run it; and what is named for
                # another reason, or is quoted beside what is deleted (`keep 'Minutes'`), stays.
                chosen = how == "order" and self._words.titles.names(said, own=True)
                stays = how == "deleted" and (
                    self._words.quotes_what_stays or not self._deletes(keys)
                )
                if origin.grade == "quoted" and (chosen or stays):
                    origin = origin.model_copy(update={"grade": "third_party_meta"})
                found[pointer] = origin
        return found

    def mentioned(
        self,
        arguments: Mapping[str, Any],
        registered: Mapping[str, Argument],
        parsed: Mapping[str, Parsed],
        found: Mapping[str, Origin],
    ) -> list[str]:
        """The pointers of the leaves that a third party states in a record the prompts mention.

        Args:
            arguments: In canonical form.
            registered: The registry's description of the tool's arguments.
            parsed: The leaves of a known kind.
            found: What `trace` has returned for them.
        """
        if not self._mentioned:
            return []
        with self._lock:
            from inbounds.provenance.graded_leaves import keys_by_grade

            read = keys_by_grade(THIRD_PARTY, leaves(arguments, registered), parsed, found)
            stated = ((at, keys) for at, keys, _ in read if found[at].source != "prompt")
            return [at for at, keys in stated if self._mentioned.keys() & keys]

    def doubtful(
        self,
        arguments: Mapping[str, Any],
        registered: Mapping[str, Argument],
        parsed: Mapping[str, Parsed],
        found: Mapping[str, Origin],
        *,
        deletes: bool = False,
        spends: bool = False,
        resource: str = "",
    ) -> list[str]:
        """The pointers of the leaves of which the prompts may mean something else.

        Those are what a prompt says that denies something, and any value where one leaves open what
        is to be done; until a later one says the value. And what is deleted or run, where no prompt
        plainly asks for it; what a call has changed that nobody vouched for; and who was paid
        already, or what for, if the call spends.

        Arguments as of `mentioned`, `deletes` as of `trace`, and the type of the tool's resource.
        """
        if isinstance(self._words, NoWords) and not self._acted_on:
            return []
        from inbounds.provenance.graded_leaves import doubtful

        with self._lock:
            return doubtful(
                self._words,
                [*leaves(arguments, registered)],
                parsed,
                found,
                fields=self._fields,
                kept_from=self._kept_from,
                acted_on=self._acted_on,
                spends=spends,
                deletes=deletes,
                resource=resource,
            )

    def links(
        self, arguments: Mapping[str, Any], registered: Mapping[str, Argument]
    ) -> dict[str, list[Link]]:
        """Return the links in the texts of a call, by JSON Pointer.

        Looked at is every text, whatever its role and kind, that is not judged as a destination
        itself.

        Args:
            arguments: In canonical form.
            registered: The registry's description of the tool's arguments.
        """
        found: dict[str, list[Link]] = {}
        read: dict[str, tuple[str, str]] = {}
        for number, (pointer, value, argument) in enumerate(leaves(arguments, registered), 1):
            if number == MOST_LEAVES:
                # What stands beyond is not looked at, and may hold one that leads anywhere.
                found[pointer] = [Link(host="", grade="none")]
                break
            if type(value) is not str or names_destination(argument):
                continue
            free = argument.kind in ("text", "none")
            written = free and argument.role in ("content", "none")
            # Of a target that holds several values, each link is looked at as well.
            several = argument.role == "target" and HOST_MARKS.search(value) is not None
            if several:
                from inbounds.provenance.destination_text import names_host_within

                several = names_host_within(value)
            if not (written or several) and is_outward(argument, value):
                continue
            links = self._links(value, read, bare=free)
            if links:
                found[pointer] = links
        return found

    def _links(self, text: str, urls: dict[str, tuple[str, str]], *, bare: bool) -> list[Link]:
        if not may_link(text):
            return []
        from inbounds.provenance.links import MOST, keys_of_link, links_of

        links: dict[Link, None] = {}
        read: list[tuple[str, str]] = []
        for link in links_of(text, bare=bare, read=urls):
            if len(read) == MOST:
                read.append(("", ""))
                break
            read.append(link)
        with self._lock:
            for url, host in read:
                keys = keys_of_link(url, host)
                origin = self._find(keys, keys, "")
                links[Link(host=host, grade=origin.grade)] = None
        return sorted(links, key=lambda link: (link.host, link.grade))

    def _find(
        self,
        keys: Iterable[str],
        spoken: Iterable[str],
        said: str,
        how: How = "exactly",
        *,
        amount: bool = False,
        currency: str = "",
    ) -> Origin:
        """The strongest place that one of the keys was found in."""
        words = self._words
        if words.denies and (
            any(words.rules_out(key, amount=amount) for key in spoken)
            or words.rules_out_text(said, is_value=not amount)
        ):
            # Whatever else vouches for it, the user does not want it.
            return PASTED
        known = partial(words.states, currency=currency) if amount else words.holds
        if any(map(known, spoken)) or (said and words.says(said, how)):
            return PROMPT
        if self._excluded:
            from .coarse_forms import coarse_forms

            titles = {self._excluded.get(form, "") for form in coarse_forms(keys)}
            if any(map(words.rules_out_text, titles)):
                return PASTED
        best = NOWHERE
        indexes = (self._fields, self._texts, *(() if amount else (self._numbers,)))
        for key in keys:
            for index in indexes:
                origin = index.get(key)
                if origin is None or not stronger(origin, best):
                    continue
                if amount and origin.grade in TRUSTED and not may_state_amount(key):
                    continue
                best = origin
        return best

    def _of_leaf(self, keys: list[str], said: str) -> Grade:
        return self._find(keys, keys, said, "words").grade

    def _of_part(self, key: str) -> Grade:
        # It might come back as an amount, whatever it was said as.
        return self._find([key], [key], "", amount=key.startswith(NUMBER)).grade

    def __len__(self) -> int:
        """How many values are kept."""
        return len(self._fields) + len(self._texts) + len(self._numbers)


def _is_nameable(titles: Mapping[str, bool]) -> bool:
    """Whether a prompt could name a record by one of its titles."""
    if not titles:
        return False
    from inbounds.provenance.prompt_titles import nameable

    return any(map(nameable, titles))


class _Graded:
    """The origins that one result gives, each made once, and what says where it was read."""

    __slots__ = ("_call", "_made", "_source", "_tool", "is_tainted", "own", "places")

    def __init__(
        self, source: Any, tool: str, call: int, *, is_tainted: bool, weak: bool = False
    ) -> None:
        self.is_tainted = is_tainted
        self.places: dict[str, Any] = {}
        self._source, self._tool, self._call = source, tool, call
        self._made: dict[str, Origin] = {}
        own: Any = source if source == "memory" else "session"
        # What was made on a stranger's word is no better than what a list names.
        grade: Grade = "listing" if weak else "first_party"
        self.own = Origin(source=own, grade=grade, tool=tool, call=call)

    def apart(self) -> _Graded:
        """The same origins, made anew: what one record gives of them can be told by identity."""
        return _Graded(self._source, self._tool, self._call, is_tainted=self.is_tainted)

    def __getitem__(self, grade: Grade) -> Origin:
        origin = self._made.get(grade)
        if origin is None:
            origin = self._made[grade] = Origin(
                source=self._source, grade=grade, tool=self._tool, call=self._call
            )
        return origin
