"""Files as people upload them, good ones and hostile ones, made small."""

from __future__ import annotations

import io
import struct
import zlib
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream
from PIL import Image

FILLED_IN = "Filled in by hand"


def pdf(pages: int = 1, **changes: Any) -> bytes:
    """A PDF with words on each page; changes: box, content, encryption."""
    made = pikepdf.new()
    font = made.make_indirect(
        Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica)
    )
    for n in range(1, pages + 1):
        page = made.add_blank_page(page_size=(595, 842))
        words = f"BT /F1 30 Tf 80 700 Td (Surveyor page {n}) Tj ET".encode()
        page.Contents = Stream(made, changes.get("content", words))
        page.Resources = Dictionary(Font=Dictionary(F1=font))
        if box := changes.get("box"):
            page.MediaBox = Array(box)
    return saved(made, encryption=changes.get("encryption"))


def saved(made: pikepdf.Pdf, **how: Any) -> bytes:
    target = io.BytesIO()
    made.save(target, **{key: value for key, value in how.items() if value})
    return target.getvalue()


def armed_form() -> bytes:
    """A form that somebody filled in, with a script and a program inside."""
    made = pikepdf.open(io.BytesIO(pdf()))
    page = made.pages[0]
    look = Stream(made, f"BT /F1 20 Tf 5 5 Td ({FILLED_IN}) Tj ET".encode())
    look.Type, look.Subtype, look.BBox = Name.XObject, Name.Form, Array([0, 0, 300, 30])
    look.Resources = page.Resources
    field = made.make_indirect(
        Dictionary(
            Type=Name.Annot,
            Subtype=Name.Widget,
            FT=Name.Tx,
            T="name",
            V=FILLED_IN,
            Rect=Array([80, 500, 380, 530]),
            F=4,
            AP=Dictionary(N=look),
        )
    )
    page.Annots = Array([field])
    script = Dictionary(S=Name.JavaScript, JS="app.alert('boo')")
    page.AA = Dictionary(O=script)
    made.Root.AcroForm = Dictionary(Fields=Array([field]))
    made.Root.OpenAction = script
    made.attachments["run.exe"] = b"MZ a program"
    return saved(made)


def unpacks_to(megabytes: int) -> bytes:
    """A PDF of some kilobytes whose page grows when it is read."""
    made = pikepdf.open(io.BytesIO(pdf()))
    packer = zlib.compressobj(1)
    blank = b" " * 1024 * 1024
    packed = b"".join(packer.compress(blank) for _ in range(megabytes)) + packer.flush()
    grown = Stream(made, packed)
    grown.Filter = Name.FlateDecode
    made.pages[0].Contents = grown
    return saved(made, compress_streams=False)


def with_picture_of(width: int, height: int) -> bytes:
    """A PDF that says that it holds a picture of this size."""
    made = pikepdf.open(io.BytesIO(pdf(content=b"/I Do")))
    picture = Stream(made, b"\0")
    picture.Type, picture.Subtype = Name.XObject, Name.Image
    picture.Width, picture.Height, picture.BitsPerComponent = width, height, 1
    picture.ColorSpace = Name.DeviceGray
    made.pages[0].Resources = Dictionary(XObject=Dictionary(I=picture))
    return saved(made)


def png_bomb(side: int) -> bytes:
    """A PNG of some kilobytes that says that it has side x side pixels."""
    packer = zlib.compressobj(9)
    row = b"\0" * (side // 8 + 1)
    packed = b"".join(packer.compress(row) for _ in range(side)) + packer.flush()
    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    chunks = ((b"IHDR", head), (b"IDAT", packed), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        for name, body in chunks
    )


def photo(width: int = 60, height: int = 40, turned: int = 1) -> bytes:
    """A photo with the place where it was taken. turned: EXIF's orientation."""
    exif = Image.Exif()
    exif[0x0112] = turned
    exif[0x010F] = "A camera of Kezia"
    exif[0x8825] = {1: "N", 2: (53.0, 24.0, 0.0)}
    target = io.BytesIO()
    Image.new("RGB", (width, height), "teal").save(target, "JPEG", exif=exif)
    return target.getvalue()


def gif(pictures: int) -> bytes:
    target = io.BytesIO()
    first, *rest = [Image.new("RGB", (20, 20), (n * 80, 0, 0)) for n in range(pictures)]
    first.save(target, "GIF", save_all=True, append_images=rest)
    return target.getvalue()
