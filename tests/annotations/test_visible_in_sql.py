"""The rule of who may know of an article stands twice: as a QuerySet, and in SQL for a tag."""

import pytest

from annotate.annotations import actions
from annotate.articles.models import Article
from tests.factories import make_article


@pytest.mark.parametrize("status", Article.Status.values)
@pytest.mark.parametrize("submitted_by", ["ana", "ben", None])
def test_tagging_sees_the_articles_that_pages_show(
    request, labels, ana, ben, mo, ada, claim, status, submitted_by
):
    article = make_article(
        status=status, submitted_by=submitted_by and request.getfixturevalue(submitted_by)
    )
    for person in (ana, ben, mo, ada):
        assert _can_be_tagged(article, person, claim) == (
            Article.objects.visible_to(person).filter(pk=article.pk).exists()
        )


def _can_be_tagged(article, person, label) -> bool:
    """Return whether tagging knows of the article, be it open or not."""
    try:
        actions.annotate(article=article, reviewer=person, label=label, start=0, end=5)
    except Article.DoesNotExist:
        return False
    except actions.ArticleClosed:
        pass
    return True
