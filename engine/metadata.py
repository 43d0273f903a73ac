"""What files tell of a picture beside its pixels, EXIF and XMP: bytes that are changed as little as can be.

Nothing is parsed and written anew, for that would lose what is not understood.
"""

from __future__ import annotations

import re
import struct

AI_EDITED = "http://cv.iptc.org/newscodes/digitalsourcetype/compositeWithTrainedAlgorithmicMedia"
IPTC = "http://iptc.org/std/Iptc4xmpExt/2008-02-29/"
_ORIENTATION = 0x0112
_SOURCE = re.compile(  # as an attribute, as an element, as an element that names a resource
    r"""((?<!/)Iptc4xmpExt:DigitalSourceType(?:\s*=\s*["']|\s*>|\s+rdf:resource\s*=\s*["'])\s*)[^"'<>]*"""
)
_EMPTY = (
    '<?xpacket begin="\N{ZERO WIDTH NO-BREAK SPACE}" id="W5M0MpCehiHzreSzNTczkc9d"?>'
    '<x:xmpmeta xmlns:x="adobe:ns:meta/">'
    '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"></rdf:RDF></x:xmpmeta>'
    '<?xpacket end="w"?>'
)


def ai_edited(xmp: bytes) -> bytes:
    """The packet (none: a new one) with IPTC's word for pictures of which a model has made a part."""
    try:
        text = xmp.decode()
    except UnicodeDecodeError:
        text = ""  # UTF-16 is allowed, and nobody has seen it
    text, count = _SOURCE.subn(lambda found: found[1] + AI_EDITED, text)
    end = re.search(r"</\s*(\w+):RDF\s*>", text)
    if not count and end is None:
        text = _EMPTY
        end = re.search(r"</\s*(\w+):RDF\s*>", text)
    if not count and end is not None:
        rdf = end[1]
        said = (
            f'<{rdf}:Description {rdf}:about="" xmlns:Iptc4xmpExt="{IPTC}"'
            f' Iptc4xmpExt:DigitalSourceType="{AI_EDITED}"/>'
        )
        text = text[: end.start()] + said + text[end.start() :]
    return text.encode()


def upright(exif: bytes, xmp: bytes) -> tuple[bytes, bytes]:
    """The same, but the picture is not to be turned when it is shown: its pixels have been."""
    xmp = re.sub(rb"""(tiff:Orientation\s*(?:=\s*["']|>)\s*)[2-8]""", rb"\g<1>1", xmp)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(exif[:4])
    if order is None:
        return exif, xmp
    out = bytearray(exif)
    try:
        (start,) = struct.unpack_from(f"{order}I", exif, 4)
        (count,) = struct.unpack_from(f"{order}H", exif, start)
        for entry in range(start + 2, start + 2 + 12 * count, 12):
            tag, kind, length = struct.unpack_from(f"{order}HHI", exif, entry)
            if (tag, kind, length) == (_ORIENTATION, 3, 1):
                struct.pack_into(f"{order}H", out, entry + 8, 1)
    except struct.error:  # cut short
        return b"", xmp
    return bytes(out), xmp
