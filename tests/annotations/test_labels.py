"""What an admin may make of a label."""

import pytest
from django.core.exceptions import ValidationError

from annotate.annotations.models import Label


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"slug": "undo"}, "This word names a key of the reading page."),
        ({"key": "n"}, "“n” has a use already: Nothing to tag here. Choose another key."),
        ({"key": "c"}, "Label with this Key already exists."),
        ({"key": "X"}, "One lower-case letter or digit."),
        ({"colour": "red"}, "Write a colour as #rrggbb."),
        ({"colour": "#12345g"}, "Write a colour as #rrggbb."),
        (
            {"slug": "a b"},
            "Enter a valid “slug” consisting of letters, numbers, underscores or hyphens.",
        ),
    ],
)
def test_label_that_cannot_be_is_told_why(labels, fields, message):
    good = {"slug": "context", "name": "Context", "colour": "#555555", "key": "x"}
    Label(**good).full_clean()
    with pytest.raises(ValidationError) as refused:
        Label(**{**good, **fields}).full_clean()
    assert [message] in refused.value.message_dict.values()
