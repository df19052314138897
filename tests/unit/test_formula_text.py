"""Formulas in one line of text."""

import pytest

from questionbank.interactions.formula_text import formula_text


@pytest.mark.parametrize(
    ("mathml", "text"),
    [
        ("<mi>R</mi><mo>=</mo><mfrac><mi>U</mi><mi>I</mi></mfrac>", "R = U/I"),
        ("<mfrac><mrow><mi>a</mi><mo>+</mo><mi>b</mi></mrow><mn>2.5</mn></mfrac>", "(a + b)/2.5"),
        ("<mi>P</mi><mo>=</mo><msup><mi>I</mi><mn>2</mn></msup><mi>R</mi>", "P = I²R"),
        ("<msup><mi>x</mi><mrow><mi>n</mi><mo>+</mo><mn>1</mn></mrow></msup>", "x^(n + 1)"),
        ("<msub><mi>U</mi><mtext>max</mtext></msub>", "U_max"),
        ("<msubsup><mi>x</mi><mn>1</mn><mn>4</mn></msubsup>", "x_1^4"),
        ("<msqrt><mi>a</mi><mo>+</mo><mn>3</mn></msqrt>", "√(a + 3)"),
        ("<mroot><mi>x</mi><mn>3</mn></mroot>", "3√x"),
        ("<munder><mi>lim</mi><mrow><mi>x</mi><mo>→</mo><mn>0</mn></mrow></munder>", "lim_(x → 0)"),
        ("<mtable><mtr><mtd><mn>1</mn></mtd><mtd><mn>2</mn></mtd></mtr></mtable>", "[1, 2]"),
        ("<mn>1</mn><mo>&lt;</mo><mn>2</mn><mtext>a&nbsp;b</mtext>", "1 < 2a b"),
        ("<mfrac><mi>U</mi></mfrac><mphantom><mi>x</mi></mphantom>", "U"),
    ],
)
def test_formula_is_said_in_a_line(mathml: str, text: str) -> None:
    assert formula_text(f"<math>{mathml}</math>".encode()) == text


def test_what_is_no_formula_says_nothing() -> None:
    assert formula_text(b"U = R I & 5") == ""
