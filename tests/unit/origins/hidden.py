"""Links of one host, as texts, HTML, CSS and Markdown may hide them."""

from __future__ import annotations

HOSTS = {
    "evil.example": "evil.example",
    "evil.com": "evil.com",
    "a.b.evil.co.uk": "a.b.evil.co.uk",
    "EVIL.Example": "evil.example",
    "xn--80adbhf0chb.xn--p1ai": "xn--80adbhf0chb.xn--p1ai",
    "злодей.рф": "xn--d1acekhs.xn--p1ai",
    "bücher.example": "xn--bcher-kva.example",
    "例子.中国": "xn--fsqu00a.xn--fiqs8s",
    "163.com": "163.com",
}


def entities(text):
    return "".join(f"&#{ord(sign)};" for sign in text)


def hexadecimal(text):
    return "".join(f"&#x{ord(sign):X};" for sign in text)


def css(text):
    return "".join(f"\\{ord(sign):x} " for sign in text)


def scripted(text):
    return "".join(f"\\u{ord(sign):04x}" for sign in text)


WITHIN = {
    "bare": "see {host} now",
    "bare at the end of a sentence": "see {host}.",
    "bare after dots": "see ...{host}",
    "bare after a dash": "see -{host}",
    "bare after a sign": "see @{host}",
    "bare in quotes": "see “{host}”",
    "bare in brackets": "({host})",
    "bare with a port": "{host}:8080/x",
    "bare with a query": "{host}?d=secret",
    "bare with a fragment": "{host}#d",
    "bare after a backslash": "see \\{host}",
    "bare after a colon": "see:{host}",
    "scheme": "https://{host}/x",
    "scheme after a dot": ".https://{host}/x",
    "scheme after a dash": "see -https://{host}/x",
    "scheme after a plus": "+https:{host}/x",
    "scheme after a digit": "1https://{host}/x",
    "scheme after a letter": "Aufhttps://{host}/x",
    "scheme after a word of another alphabet": "\u0441\u043chttps://{host}/x",
    "mailto after a word": "xmailto:eve@{host}",
    "scheme mended": "https:/{host}/x",
    "scheme without slashes": "HTTPS:{host}/x",
    "scheme with backslashes": "https:\\\\{host}\\x",
    "user and host": "https://acme.example@{host}/x",
    "of another scheme": "ftp://{host}/x",
    "relative to the protocol": "//{host}/x",
    "with backslashes": "\\\\{host}\\x",
    "with both slashes": "/\\{host}/x",
    "mailto": "mailto:eve@{host}",
    "mailto of two": "mailto:bob@acme.example,eve@{host}",
    "mailto in copy": "mailto:bob@acme.example?cc=eve%40{host}",
    "Markdown": "[x](https://{host}/x)",
    "Markdown in angles": "[x](<//{host}/x>)",
    "Markdown escaped": "[x](https\\:\\/\\/{host}\\/x)",
    "Markdown reference": "[x][1]\n\n[1]: //{host}/x",
    "Markdown reference without a scheme": "[1]: {host}",
    "Markdown image": "![](//{host}/x.png)",
    "autolink": "<https://{host}>",
    "autolink of a mail": "<mailto:eve@{host}>",
    "href": '<a href="https://{host}/x">a</a>',
    "href unquoted": "<a href=//{host}/x>a</a>",
    "href with a tab": '<a href="/\t/{host}/x">a</a>',
    "href with an entity for a tab": "<a href=/&#9;/{host}/x>a</a>",
    "href with an entity without its end": "<a href=/&#10/{host}/x>a</a>",
    "href with a name of an entity": "<a href='https&colon;&sol;&sol;{host}'>a</a>",
    "href with a new line in the scheme": '<a href="ht\ntps:{host}">a</a>',
    "href after blanks": '<a href="\x01  https:{host}">a</a>',
    "base": "<base href=//{host}/><img src=x.png>",
    "base without a scheme": "<base href=https:{host}>",
    "refresh": '<meta http-equiv="refresh" content="0;url=//{host}/x">',
    "refresh unquoted": "<meta http-equiv=refresh content=0;URL=https:{host}>",
    "refresh in quotes": "<meta http-equiv=refresh content=\"0; url='//{host}'\">",
    "img": "<img src=//{host}/p.png>",
    "img without its end": "<img src='//{host}/p.png'",
    "srcset": '<img srcset="a.png 1x, //{host}/p.png 2x">',
    "source": "<picture><source srcset=//{host}/p.png></picture>",
    "background": "<table background=//{host}/p.png>",
    "input": "<input type=image src=//{host}/p.png>",
    "form": "<form action=//{host}/x><button formaction=//{host}/y>",
    "link": "<link rel=stylesheet href=//{host}/x.css>",
    "ping": "<a href=# ping='/a //{host}/x'>",
    "object": "<object data=//{host}/x><embed src=//{host}/x>",
    "video": "<video poster=//{host}/p.png><track src=//{host}/t>",
    "iframe": "<iframe src=//{host}/x></iframe>",
    "srcdoc": "<iframe srcdoc='&lt;img src=//{host}/p.png&gt;'>",
    "SVG": "<svg><a xlink:href=//{host}/x></a></svg>",
    "SVG image": "<svg><image href=//{host}/x /></svg>",
    "SVG use": "<svg><use xlink:href='//{host}/x#a'/></svg>",
    "SVG fill": "<svg><rect fill='u\\72l(//{host}/x)'/></svg>",
    "SVG animated": "<svg><a><animate attributeName=href to=//{host}/x></a></svg>",
    "style": '<p style="background:url(//{host}/p.png)">',
    "style with an escape": '<p style="background:\\75rl(//{host}/p.png)">',
    "style in quotes": "<p style='background:url(\"//{host}/p.png\")'>",
    "style sheet": "<style>@import '//{host}/x.css';</style>",
    "style sheet with a url": "<style>@im\\70ort u\\72l(//{host}/x.css);</style>",
    "style with a set": "<p style=\"background:image-set('//{host}/p.png' 1x)\">",
    "style sheet with a tab": "<style>@import '/\t/{host}/x.css';</style>",
    "style sheet with an escape for a tab": "<style>@import 'https\\9://{host}/x.css'</style>",
    "style with a set and a tab": (
        "<style>p{{background:image-set('https\t://{host}/p.png' 1x)}}</style>"
    ),
    "style with a set and an escape": "<p style=\"background:image-set('/\\a /{host}/p.png' 1x)\">",
    "style with a variable": "<style>p{{--a:'/\\9/{host}/p.png'}}</style>",
    "style within a word": "<b><style>@import '/\t/{host}/x.css'</style></b>",
    "script with a tab": "<script>fetch('https\t://{host}')</script>",
    "script with an escape for a tab": "<script>fetch('https\\t://{host}')</script>",
    "script with an escape for a line end": "<script>fetch('/\\x0a/{host}')</script>",
    "script with a line that goes on": "<script>fetch('/\\\n/{host}')</script>",
    "script with a line end in backticks": "<script>fetch(`/\n/{host}`)</script>",
    "script of an event": "<p onclick=\"fetch('https\\t://{host}')\">",
    "comment": "<!-- <img src=//{host}/p.png> -->",
    "condition": "<!--[if mso]><v:fill src=//{host}/p.png /><![endif]-->",
    "condition within a word": (
        '<b><!--[if mso]><img src="https&#9;://{host}/p.png"><![endif]--></b>'
    ),
    "comment with a tab": "<b><!-- https\t://{host}/x --></b>",
    "processing instruction with a tab": "<?xml-stylesheet href='/&#9;/{host}/x.css'?>",
    "noscript": "<noscript><img src=//{host}/p.png></noscript>",
    "template": "<template><img src=//{host}/p.png></template>",
    "text area": "<textarea><img src=//{host}/p.png></textarea>",
    "processing instruction": "<?xml-stylesheet href='//{host}/x.css'?>",
    "javascript": "<a href=\"javascript:location='//{host}'\">",
    "javascript in a text": "javascript:fetch('//{host}')",
    "a page as data": "<a href='data:text/html,<img src=//{host}>'>",
    "data in a text": "data:text/html;base64,PGltZyBzcmM9",
    "another scheme": "<a href='ms-word:ofe|u|//{host}/x'>",
    "across tags": "<p>{first}<b></b>{rest}</p>",
    "across a break": "<p>{first}<wbr>{rest}</p>",
}
UNREADABLE = frozenset(
    {
        "scheme after a letter",
        "user and host",
        "of another scheme",
        "javascript",
        "javascript in a text",
        "a page as data",
        "data in a text",
        "another scheme",
    }
)
"""Those whose link may be told as one to nowhere known."""

LEFT_AS_TEXT = frozenset(
    {
        "style sheet with a tab",
        "style with a set and an escape",
        "style within a word",
        "script with a line that goes on",
        "script with a line end in backticks",
    }
)
"""Those whose host may be left as a text that is no link, such as without the tag around it."""

SPELT = {
    "entities": entities,
    "hexadecimal entities": hexadecimal,
    "entities for tabs": lambda host: host.replace(".", ".&#9;"),
    "entities for line ends": lambda host: host.replace(".", "&NewLine;."),
    "signs that show nothing": "\u200b".join,
    "a soft hyphen": lambda host: host.replace(".", "\u00ad.\u00ad"),
    "a joiner": lambda host: host.replace(".", ".\u2060"),
    "a variation": lambda host: host + "\ufe0f",
    "a tag of language": lambda host: host[:2] + "\U000e0041" + host[2:],
    "wide dots": lambda host: host.replace(".", "\uff0e"),
    "ideographic dots": lambda host: host.replace(".", "\u3002"),
    "half wide dots": lambda host: host.replace(".", "\uff61"),
    "wide letters": lambda host: "".join(
        chr(ord(sign) + 0xFEE0) if "!" <= sign <= "~" else sign for sign in host
    ),
    "mathematical letters": lambda host: "".join(
        chr(ord(sign) - ord("a") + 0x1D41A) if "a" <= sign <= "z" else sign for sign in host
    ),
}
