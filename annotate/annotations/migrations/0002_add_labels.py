"""The three labels, so that a new site can tag at once. Admins edit them from then on."""

from django.db import migrations

LABELS = [
    {
        "slug": "claim",
        "name": "Claim",
        "colour": "#27479a",
        "line": "solid",
        "key": "c",
        "order": 1,
        "guideline": (
            "A claim is a statement that somebody puts forward as true: the story itself,"
            " or a person or group it quotes. Ask: could a reader want to know what "
            "supports this? If so, and the passage offers no support of its own, tag it "
            "as a claim, whether or not you believe it.\n\n"
            "A claim says that something is so; evidence shows what that rests on, and "
            "speculation says only that it may be so. “The mayor said that crime has "
            "fallen” is a claim: it names a speaker and gives no support.\n\n"
            "Example: “The new line will carry 3,000 people a day, the operator says.”\n\n"
            "Not a claim: questions, greetings, mere description of a scene, or a "
            "forecast that is hedged throughout."
        ),
    },
    {
        "slug": "evidence",
        "name": "Evidence",
        "colour": "#1f7f69",
        "line": "double",
        "key": "e",
        "order": 2,
        "guideline": (
            "Evidence is what a story offers in support of a claim and a reader could in "
            "principle look up or check: a document, a record, a count or measurement "
            "with its source, what a named witness saw, a recording, or the story’s own "
            "inspection of one of these.\n\n"
            "Ask: does this passage give a ground for something stated, or only repeat "
            "it? Repeating a claim, even by somebody important, is not evidence. Evidence"
            " need not be strong or right, and it may count against the claim; the tag "
            "says what part the passage plays, not how well it plays it.\n\n"
            "Example: “Meter readings from May to September show that usage fell by 46 "
            "percent.”\n\n"
            "Not evidence: a number without any source, a general opinion, or a guess "
            "about what a document might contain."
        ),
    },
    {
        "slug": "speculation",
        "name": "Speculation",
        "colour": "#a65f00",
        "line": "dashed",
        "key": "s",
        "order": 3,
        "guideline": (
            "Speculation is a statement about what may be, might have been or could come,"
            " which the text itself does not present as established. It goes beyond what "
            "is known: about motives, about the future, about what happened out of sight.\n\n"
            "Ask: does the wording leave the matter open? Look for may, might, could, "
            "perhaps, likely, seems, is expected to; but a hedging word alone does not "
            "decide. “You may enter” gives permission, and a guess can be phrased without"
            " any hedge. If a statement is put forward as a fact, tag it as a claim, "
            "however doubtful you find it.\n\n"
            "Example: “The council could drop the plan if turnout is low.”\n\n"
            "Not speculation: reports that something is unknown, or facts about a plan "
            "that has already been decided."
        ),
    },
]


def add_labels(apps, schema_editor):
    Label = apps.get_model("annotations", "Label")
    for label in LABELS:
        Label.objects.get_or_create(slug=label["slug"], defaults=label)


def remove_unused_labels(apps, schema_editor):
    Label = apps.get_model("annotations", "Label")
    slugs = [label["slug"] for label in LABELS]
    Label.objects.filter(slug__in=slugs, annotations=None).delete()


class Migration(migrations.Migration):
    dependencies = [("annotations", "0001_create_annotations")]
    operations = [migrations.RunPython(add_labels, remove_unused_labels)]
