"""How a paragraph is split into sentences.

Each case is a paragraph with "|" where a new sentence begins. The sentences are our own.
"""

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from annotate.articles.segmentation import split_sentences

TITLES_AND_NAMES = """
Sen. Ada Rowe met Gov. Lee Marsh on Tuesday. |Neither spoke to reporters.
Lt. Gov. Ana Pruitt took the oath. |Gen. Omar Diaz stood beside her.
Donald Trump Jr. said the claim was false.
The email went to Donald Trump Jr. |The messages were released later.
He endorsed Frank Doyle Sr. |His son declined to comment.
Robert Hale Jr. and Ed Moss Sr. voted no.
Hale Jr.'s seat is safe, and Moss Sr.'s is not.
They closed the office for Martin Luther King Jr. Day in January.
Rep. J. Doe (R-Ky.) objected. |Rep. K. Roe (D-Calif.) did not.
Rep. Doe (R-Ky.) Monday called the plan a stunt.
The bill by Sens. Rowe, R-Ohio, and Pell, D-R.I., stalled.
J.D. Vance spoke first. |George W. Bush spoke last.
Nobody had told J. D. Salter. |The vote went ahead.
The portrait of John F. Kennedy hangs there. |It is a copy.
Mr. Speaker, I yield the floor. |Thank you.
Ms. Orr asked Dr. Im, Prof. Ott and Rev. Cole to testify.
The case was argued before Judge Sonia R. Vale. |She ruled in May.
SEN. ADA ROWE: I object. |MR. PELL: So do I.
Capt. Reyes, Sgt. Hill and Pvt. Moon were honored.
St. Louis and Ft. Worth voted early. |Mt. Vernon voted late.
Atty. Gen. Paula Stone sued on Friday.
Sen.-elect Rowe and ex-Gov. Marsh shook hands.
"""

STATES_AND_PLACES = """
The U.S. Senate passed the bill. |The House did not.
He has never left the U.S. |He says he never will.
The U.S. and the U.K. signed. |The E.U. waited.
Critics of the U.S.'s stance spoke up. |Few listened.
Troops left the U.S. in March.
She moved to Washington, D.C. |The job paid well.
Washington, D.C., police made two arrests.
Write to Room 5, Washington, D.C. 20515. |She reads it all.
The plant in Reno, Nev., closed. |Its twin in Mesa, Ariz., did not.
The rally was in Dayton, Ohio. |Voters came early.
He was born in Macon, Ga. |His mother taught there.
The crowd at 10 Main St. was small. |It grew.
The office on Elm Ave. is shut. |The one on Oak Blvd. is not.
The U.N. Security Council met. |No vote was taken.
The G.O.P. lost the seat. |The party blamed turnout.
"""

TIMES_AND_NUMBERS = """
Polls close at 8 p.m. |Results come later.
Polls close at 8 p.m. Monday in most counties.
The hearing begins at 9:30 a.m. EST. |It is public.
Doors open at 7 a.m. and close at 8 p.m. |Lines may be long.
He lives at No. 10. |She lives at No. 11.
Aides left No. 10 Downing Street at dawn.
Did she vote? |No. |She was ill.
The answer was no. |The question was why.
The vote is on Nov. 14. |The count starts Nov. 15.
It passed in Nov. |The Senate takes it up next.
The cut costs $1.2 million. |The raise costs $3.45 billion.
Turnout fell 3.5 percent. |In 2020 it rose.
The law dates from 1965. |Congress renewed it in 2006.
The tally was 51 to 49. |Two senators abstained.
About 40 percent agreed. |60 percent did not.
See Sec. 230 and Art. 5 of the draft.
H.R. 1 passed. |S. 25 did not.
Prices rose to $4. |That hurt.
Rule 4.1.2 applies. |Rule 5 does not.
He won by 0.5 points. |5,000 ballots remain.
"""

ORGANISATIONS_AND_OTHERS = """
Acme Inc. makes the machines. |Apex Corp. counts the votes.
The contract went to Acme Inc. |The price was not disclosed.
Apex Corp. Chief Executive Ann Lo apologized.
Smith & Co. lobbied, as did Jones Bros. and others.
It was Roe vs. Wade then. |It is Dobbs now.
Dobbs v. Jackson ended it. |States acted.
Some states, e.g. Utah, vote by mail, i.e. by post.
They banned signs, flags, etc. |The judge agreed.
Doe et al. sued. |The court dismissed it.
She holds a Ph.D. from Yale. |He holds an M.D. |Both teach.
The firm, Bell & Hart LLP, declined. |So did its client.
The Dept. of Justice sued. |Calif. officials cheered.
Under Plan B. |The cost doubles.
"""

QUOTATIONS = """
"We will win," she said. |"They will not."
"We will win. |We always do," she said.
“We will win. |We always do. |Believe me.” |The crowd roared.
"Will we win?" he asked.
"Will we win?" Mr. Doe asked. |"We will."
“Never!” shouted a man in the back. |Nobody turned.
“Why now?” Sen. Rowe said. |“Why not before?”
"I did nothing wrong." |The judge disagreed.
She called it 'a disgrace.' |He called it “a triumph.”
“He told me, ‘Do it now.’ |I did it,” she said.
“They said, ‘No.’” |The room fell silent.
"He said 'no way.'" |She did not believe him.
He asked whether "this is who we are." |Nobody answered.
She wrote "Enough!" on the wall and left.
Did he say "I quit"? |Nobody knows.
The sign read "Vote here." |An arrow pointed left.
She lives in the “U.S.” |He does not.
“It’s over.” |“Is it?” |“Yes.”
"This is our time" — the slogan — was everywhere.
"""

BRACKETS_AND_DASHES = """
He resigned (again). |No one noticed.
The bill failed. |(It had failed before.) |It will return.
The vote (it was close!) ended at noon.
She lost (see p. 4). |Then she won.
The memo [sic] was short. |[It ran two lines.] |It leaked.
He left — or so he said. |He was back by noon.
The plan – all of it – failed. |Why?
The Senate voted -- finally -- to adjourn. |Members cheered.
Taxes rose;  wages did not: that was the problem. |It still is.
"""

DATELINES = """
WASHINGTON (AP) — The Senate adjourned. |It returns Monday.
WASHINGTON, D.C. — The Senate adjourned. |It returns Monday.
RENO, Nev. (Reuters) - Voters lined up early. |Some waited hours.
ST. PAUL, Minn. — The governor signed it. |Critics sued.
NEW YORK, Nov. 3 (UPI) -- Markets fell. |Bonds rose.
LONDON — Mr. Hart resigned. |He gave no reason.
"""

ELLIPSES = """
He paused... |Then he spoke.
He paused ... and then he spoke.
“We will ... see,” he said. |He smiled.
Wait… |What did he say?
It was … odd. |Very odd.
"I don't know ..." |She trailed off.
The text reads: “We the people . . . do ordain.” |It goes on.
...and that was that. |It was over.
They promised jobs, roads, schools.... |None came.
"""

MARKS_AND_ADDRESSES = """
Really?! |Yes, really!! |No kidding.
The vote is today! 🎉 |Go early. 🗳️
Great night! 🇺🇸🇺🇸 |Thank you all.
We won! #Election #Victory |Thanks to all.
The bill passed. |#Budget is trending.
The claim is false.[3] |The source is old. [4] |It was retracted.
It was disputed. [citation needed] |Nobody checked.
Write to info@example.com. |We answer.
Follow @senrowe. |She posts daily.
See example.com/vote.html. |It lists places.
Read https://example.org/a?b=1.2&c=Q.Z today. |Then vote.
The file is budget.final.pdf. |Open it.
The site Example.Com is down. |Nobody knows why.
She runs Vote.org. |He runs a bank.
Version 2.0 of the app failed. |Node.js was blamed.
iPhone sales fell. |iPad sales rose.
"""

SPACES_MISSING_OR_TOO_MANY = """
The session ended.|The next begins Monday.
Was it legal?|The court will say.
He said it was over.”|The crowd left.
It happened in 2020.|Then it happened again.
They left (at last).|Nobody waved.
The  session   ended.   |The next\xa0begins Monday.
  The session ended. |It was late.\t
"""

OTHER_LANGUAGES = """
Die Wahl ist am 14. November. |Das Ergebnis kommt später.
Am 3. Oktober sprach Dr. Kern. |Er blieb kurz.
Der 20. Bundestag tagte. |Die 1. Lesung ist vorbei.
Viele Städte, z. B. Köln und Bonn, klagen. |Andere nicht.
Das kostet ca. 5 Mio. Euro bzw. 3 Mrd. Kronen. |Niemand zahlt.
„Wir gehen.“ |„Warum?“, fragte sie. |Er schwieg.
»Wir bleiben.« |Sie lachte. |»Nein!«
Er gewann 2016. |Danach verlor er.
Kaiser Wilhelm II. dankte ab. |Prof. Dr. Ott schrieb darüber.
M. Le Goff a voté. |Mme Roy s’est abstenue. |MM. Petit et Blanc sont partis.
« Nous gagnerons. |Nous gagnons toujours. » |La salle a applaudi.
« Pourquoi ? » demande-t-elle. |Il ne répond pas.
Est-ce fini ? |Oui ! |Enfin…
Au Ve siècle av. J.-C. la ville tombe. |Elle renaît.
El Sr. Paz y la Sra. Ruiz votaron. |¿Quién ganó? |¡Nadie!
Viajó a EE. UU. en mayo. |Volvió en junio.
Ocurrió en el 44 a. C. |Después cambió todo.
«¿Por qué?», preguntó. |Nadie respondió.
O Sr. Melo saiu. |A Sra. Lima ficou. |Não houve voto.
Il sig. Neri e il dott. Bruni hanno votato. |Poi sono usciti.
Он уехал в 1990 г. |Она осталась. |В 1993 г. он вернулся.
Он живёт в г. Москва на ул. Лесной. |Там тихо.
«Мы победим. |Мы всегда побеждаем», — сказал он. |Зал молчал.
Это было в 1970-х. |Никто не помнит.
А. С. Орлов проголосовал. |И. П. Белов нет.
参议院通过了法案。|众议院没有。|为什么？|没人知道！
他说：“我们会赢。|我们总是赢。”|大家鼓掌。
“为什么？”他问道。|没人回答。
「我們會贏！」|他笑了。
増えたのは3.5%です。|なぜですか？|誰も知りません。
صوّت المجلس أمس. |هل انتهى الأمر؟ |لا أحد يعلم!
قال د. سامي إن القانون مرّ. |ثم غادر.
संसद ने विधेयक पारित किया। |क्यों? |किसी को नहीं पता।
डॉ. राव और श्री ए. के. सेन आए। |बैठक लंबी चली।
"""


def cases(table: str) -> list[str]:
    """Return the non-empty lines of a table, as they are."""
    return [line for line in table.split("\n") if line.strip()]


def sentences_of(paragraph: str) -> list[str]:
    """Return the text of each sentence."""
    return [paragraph[start:end] for start, end in split_sentences(paragraph)]


def check(marked: str) -> None:
    """Split a case without its marks and compare."""
    expected = [sentence.strip() for sentence in marked.split("|")]
    assert sentences_of(marked.replace("|", "")) == expected


@pytest.mark.parametrize(
    "marked",
    cases(
        TITLES_AND_NAMES
        + STATES_AND_PLACES
        + TIMES_AND_NUMBERS
        + ORGANISATIONS_AND_OTHERS
        + QUOTATIONS
        + BRACKETS_AND_DASHES
        + DATELINES
        + ELLIPSES
        + MARKS_AND_ADDRESSES
        + SPACES_MISSING_OR_TOO_MANY
    ),
)
def test_political_news(marked):
    check(marked)


@pytest.mark.parametrize("marked", cases(OTHER_LANGUAGES))
def test_other_languages(marked):
    check(marked)


@pytest.mark.parametrize(
    "marked",
    [
        "The bill would:\n|- cut taxes;\n|- raise wages.\n|It passed.",
        "The bill would:\n|• cut taxes\n|• raise wages",
        "What it does:\n|1. It cuts taxes.\n|2. It raises wages. |Slowly.",
        "a) The tax is cut.\n|b) The wage is raised.",
        "1. The tax is cut. |2. The wage is raised.",
        "* First item\n  goes on here\n|* Second item",
        "Senate passes budget\n|The Senate passed the budget on Monday, after a long night.",
        "BREAKING NEWS\n|Governor Marsh has resigned, two people close to her said.",
        "By Ann Lo\n|WASHINGTON (AP) — The Senate adjourned.\n|It returns Monday.",
        "The Senate passed the\nbudget on Monday.",
        "The Senate passed the budget on Monday, and President\nRowe signed it the next day.",
        "He spoke of Sen.\nRowe and of nobody else that night. |She read it in the\npapers.",
        "The session ended.\n|The next begins Monday.",
        "The session ended.\r\n|The next begins\r\nMonday.",
        "We won! 🎉\n|Thank you.",
    ],
)
def test_lines_of_their_own_and_wrapped_lines(marked):
    check(marked)


@pytest.mark.parametrize("blank", ["", " ", "\n", " \t\r\n\u2028\xa0\u3000"])
def test_blank_paragraph_has_no_sentences(blank):
    assert split_sentences(blank) == []


def test_offsets_count_code_points_from_the_paragraphs_start():
    assert split_sentences("  👩‍👩‍👧 won. É ok.\n") == [(2, 12), (13, 18)]


def pieces(text: str) -> list[str]:
    """Return the parts of `text` between "|"."""
    return text.split("|")


# What decides between sentences, and what might come between the rules.
PIECES = st.sampled_from(
    [
        *pieces(
            ". |.|...|…|? |!|。|？|।|؟ |\"|'|“|”|«| »|(|)|[3]|]|—| - |#tag |@me|🎉|👩‍👧|:)"
        ),
        *pieces(
            "Mr. |Jr. |U.S. |J.D. |p.m. |No. |Inc.|z. B. |г. |14. |http://a.b/c |The |the "
        ),
        *pieces("iPhone |said |I |a|5|он |中|مرحبا |हिंदी |e\u0301|\u202e|\ud800|\x00|\u200b"),
        *pieces("\n|\r\n|\n- |\n2. |\u2028| |\t|\xa0|\u3000|\x1c|\x85"),
    ]
)
ANY_CHARACTER = st.characters(codec=None, exclude_categories=())  # lone surrogates as well
ANY_PARAGRAPH = st.one_of(st.text(ANY_CHARACTER), st.lists(PIECES, max_size=40).map("".join))


@settings(max_examples=500, deadline=None)
@given(ANY_PARAGRAPH)
@example("\ud800. \udfff")
@example("a! 🎉\n\nB. #x\nc")
def test_sentences_hold_all_of_any_text_but_white_space_in_order(paragraph):
    end_of_last = 0
    for start, end in split_sentences(paragraph):
        assert not paragraph[end_of_last:start].strip()
        assert start < end
        assert paragraph[start:end] == paragraph[start:end].strip()
        end_of_last = end
    assert not paragraph[end_of_last:].strip()
