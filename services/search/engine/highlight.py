"""Where the words stand in a document: safe HTML for a page of hits. Nothing of a document passes unescaped."""

from collections.abc import Mapping
from html import escape

from services.search.engine import analysis
from services.search.engine.interface import Upsert
from services.search.engine.syntax import Wish

_PASSAGE = 240
_LONGEST_TITLE = 1_000
# A long text is looked through until its words are found together, or to here if any was found, or to there at most:
# for each hit of a page this is most of a query's time.
_ENOUGH = 4_096
READ = 32_768

_Span = tuple[int, int]


def highlights(document: Upsert, wish: Wish) -> Mapping[str, str]:
    """The document's parts in which wanted words are found, marked."""
    language = analysis.analysis_of(document.language)
    wanted = frozenset(analysis.terms(language, " ".join((wish.words, *wish.phrases))))
    if not wanted:
        return {}
    parts = {
        "title": _marked(document.title[:_LONGEST_TITLE], language, wanted, width=_LONGEST_TITLE),
        "description": _marked(document.description[:READ], language, wanted, width=_PASSAGE),
        "text": _marked(document.text[:READ], language, wanted, width=_PASSAGE),
    }
    return {part: html for part, html in parts.items() if html}


def _marked(text: str, language: str, wanted: frozenset[str], *, width: int) -> str:
    """The passage with the most wanted words, of about that width; empty when there are none."""
    spans = _best(text, language, wanted, width)
    if not spans:
        return ""
    first, last = spans[0][0], spans[-1][1]
    spare = max(0, width - (last - first))
    start = _border(text, max(0, first - spare // 3), first)
    end = min(len(text), start + max(width, last - start))
    if end < len(text):
        end = max(last, text.rfind(" ", last, end))
    html, at = ["…" if start else ""], start
    for left, right in spans:
        html += [escape(text[at:left]), "<mark>", escape(text[left:right]), "</mark>"]
        at = right
    return "".join((*html, escape(text[at:end]), "…" if end < len(text) else ""))


def _best(text: str, language: str, wanted: frozenset[str], width: int) -> list[_Span]:
    """The spans of wanted words in the passage that has the most different ones, the first of equals."""
    window: list[analysis.Token] = []
    best: list[analysis.Token] = []
    most = 0
    for token in analysis.tokens(language, text):
        if (most == len(wanted) and token[1] - best[0][1] > width) or (most and token[1] > _ENOUGH):
            break
        if token[0] not in wanted:
            continue
        window = [earlier for earlier in window if token[2] - earlier[1] <= width] + [token]
        different = len({term for term, _, _ in window})
        if different > most or (best and window[0] is best[0]):
            most, best = different, window
    return _joined(best)


def _joined(found: list[analysis.Token]) -> list[_Span]:
    """Spans without overlaps: Chinese pairs share their characters."""
    spans: list[_Span] = []
    for _, start, end in found:
        if spans and start < spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return spans


def _border(text: str, start: int, first: int) -> int:
    """The first word's beginning after a place, that a passage may begin there."""
    if start == 0:
        return 0
    space = text.find(" ", start, first)
    return start if space < 0 else space + 1
