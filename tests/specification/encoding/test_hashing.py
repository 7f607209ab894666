"""The built-in encoder."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest

from learnware.specification.encoding import text_encoder
from learnware.specification.encoding._features import LONGEST_BLOCK
from learnware.specification.encoding._hashing import LONGEST_TEXT

ENCODER = text_encoder("hashing")


def cosine(first: str, second: str) -> float:
    a, b = ENCODER.encode([first, second]).astype(float)
    return float(a @ b)


def test_points_are_what_they_have_always_been() -> None:
    # Specifications in files and markets rest on these values: another encoder needs another name.
    texts = [
        "The quick brown fox jumps over 12 lazy dogs.",
        "你好，世界",
        "สวัสดีชาวโลก",
        "Привет, мир",
        "안녕 세상 カタカナ ひらがな",
    ]
    points = ENCODER.encode(texts)
    found = hashlib.sha256(np.round(points * 4096).astype("<i4").tobytes()).hexdigest()[:16]
    assert found == "872e81ba3a2cb1e5"


def test_rows_have_length_one_or_zero() -> None:
    texts = [
        "words of a text",
        "",
        " \n",
        "?!,;",
        "a",
        "你",
        "1234",
        "word " * 100_000,
        "\x00\ufffe\U0010ffff",
        "𠀀𠀁 😀",
    ]
    points = ENCODER.encode(texts)
    assert points.shape == (len(texts), ENCODER.dimension)
    assert points.dtype == np.float32
    norms = np.linalg.norm(points, axis=1)
    np.testing.assert_allclose(norms, [1, 0, 0, 0, 0, 1, 1, 1, 0, 1], atol=1e-6)
    assert ENCODER.encode([]).shape == (0, ENCODER.dimension)


def test_points_depend_on_no_other_text() -> None:
    rng = np.random.default_rng(0)
    words = np.array(["river", "mountain", "四川", "keyboard", "ทะเล", "12", "snow"])
    texts = [" ".join(rng.choice(words, rng.integers(0, 60))) for _ in range(4500)]
    together = ENCODER.encode(texts)
    chosen = rng.choice(len(texts), 20, replace=False)
    alone = np.concatenate([ENCODER.encode([texts[i]]) for i in chosen])
    np.testing.assert_array_equal(together[chosen], alone)
    # Also where blocks are full to the last character.
    full = ["x" * 8191 + " y"] * 5 + ["z"] * (LONGEST_BLOCK // 8192)
    np.testing.assert_array_equal(ENCODER.encode(full)[-1], ENCODER.encode(["z"])[0])


@pytest.mark.parametrize(
    ("text", "near", "far"),
    [
        (
            "The ship left the harbour at night",
            "At night, a ship leaves the harbours",
            "The court heard the lawyer in June",
        ),
        ("Der Fußballspieler schoss ein Tor", "Zwei Fußballspieler, drei Tore", "Die Regierung erhöht die Steuern"),
        ("我们昨天在图书馆学习", "图书馆里学习的我们", "今年的苹果价格很高"),
        ("昨日は友達と映画を見ました", "友達の映画はおもしろい", "野菜の値段が上がった"),
        ("เราไปทะเลกับครอบครัว", "ครอบครัวของเราชอบทะเล", "รัฐบาลขึ้นภาษีน้ำมัน"),
        ("고양이가 지붕에서 잠을 잔다", "지붕 위의 고양이들", "정부는 세금을 올렸다"),
        (
            "Учительница рассказывала про литературу",
            "Учителя рассказывают литературные истории",
            "Правительство повысило налоги",
        ),
    ],
)
def test_texts_about_one_thing_are_nearer_in_any_script(text: str, near: str, far: str) -> None:
    assert cosine(text, near) > cosine(text, far) + 0.1


def test_case_forms_and_signs_do_not_matter() -> None:
    same = ["Straße CAFÉ \uff26\uff55\uff4c\uff4c", "straße cafe\u0301 full!", "STRAßE — café, full…"]
    points = ENCODER.encode(same)
    np.testing.assert_allclose(points, np.tile(points[0], (3, 1)), atol=1e-6)
    assert cosine("mp3 player", "mp4 player") < 0.9
    assert cosine("the mp3", "mp 3") < 0.5


def test_content_outweighs_function_words() -> None:
    first, second = "the cat of the house is on the roof", "the tax of the state is on the rise"
    assert cosine(first, second) < 0.35
    assert cosine(first, "cat house roof") > 0.7


def test_only_the_beginning_of_a_long_text_is_read() -> None:
    text = "word " * (LONGEST_TEXT // 5 + 1)
    points, shortened = ENCODER.encode_counted([text, text + "something else entirely", "short"])
    assert shortened == 2
    np.testing.assert_array_equal(points[0], points[1])
