"""Words the sentence splitter knows, one readable list for each thing it asks.

Abbreviations are written without their last full stop. Case counts: "Miss." may be a State
or a verb at a sentence's end, "miss." only the verb. The splitter is told no language, so
every list serves all languages; what is a common word in one of them is left out.
"""

from functools import lru_cache


def _words(text: str) -> frozenset[str]:
    """Return the white-space separated words of `text`."""
    return frozenset(text.split())


# Stand before a name. What follows is never a new sentence.
TITLES = _words("""
    Mr Mrs Ms Mx Messrs Dr Drs Prof Rev Revs Hon Sen Sens Rep Reps Gov Govs Pres Amb Atty Asst
    Gen Lt Col Maj Capt Cmdr Cdr Adm Sgt Cpl Pvt Pfc Spc Brig Supt Insp Det Fr Msgr Mgr
    Sec Ald
    Hr Hl Dipl Ing Mag Bgm Sra Srta Sres Dña Exmo Exma Lic Mons Mlle Mme Mmes MM
    M mr mrs dr dra sr sra sig dott
    Sig Dott Avv Geom Sgto Cel
    डॉ श्री प्रो पं
    проф акад доц ген полк гр
""")

# Stand before something else that belongs to the sentence.
JOINING = _words("""
    e.g i.e vs v cf viz approx incl esp resp op aka
    z.B d.h u.a u.U o.ä i.d.R s.o s.u bzw ca vgl evtl ggf ggfs inkl exkl einschl sog geb gest
    zzgl insb bes allg ehem eigtl urspr max min Mio Mrd Bd Hrsg
    p.ej p.ex par.ex env av apr ap
    т.е напр им ул пл просп пос дер обл см ср англ нем фр лат исп ит рус укр греч яп кит
    Mt Ft
""")

# Stand before a number: "No. 10", "Art. 5". Before anything else they are common words.
NUMBERED = _words("""
    No Nos no nos Nr Nrn nr Núm núm Num Fig Figs fig figs Vol Vols vol vols p pp pg pgs P PP
    Art Arts art arts Sec Secs sec Ch ch Chap chap Pt pt Par par para Abs Ziff Kap Cap cap
    Ex ex Rm Ste Apt Op op Tel tel S c ca approx circa ed eds pág págs pag стр рис гл ст
    тел ок п
    Rte Hwy Flt Reg Dist Cong Prop Res H.R H.J.Res S.J.Res
""")

# Months and days: a number may follow and belongs to them.
DATES = _words("""
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec
    Jän Mär Okt Dez janv févr avr juil oct nov déc ene feb abr ago sept dic
    янв февр апр авг сент окт нояб дек
    Mon Tue Tues Wed Thu Thur Thurs Fri Sat Sun
""")

# Follow a name, and end a sentence as readily as any word.
# "Sr." may also be the title, señor or senhor.
NAME_ENDS = _words("Jr Sr Esq")

# What follows a name ending in Jr. and still belongs to it: "Martin Luther King Jr. Day".
NAMED_AFTER = _words("""
    Day Blvd Boulevard Avenue Street Drive Way Center Centre Memorial Library School Park
    Airport Parkway Foundation Institute Building Bridge Hospital
""")

# Companies, which end a sentence or stand before somebody's office.
COMPANIES = _words(
    "Inc Corp Co Cos Ltd Bros Plc LLC L.L.C L.P S.A S.p.A S.A.S N.V A.G Cía Cia Assn Dept"
)
OFFICES = _words("""
    CEO CFO COO Chief Chairman Chairwoman Chair President Vice Executive Director Founder
    Co-founder Managing Senior Spokesman Spokeswoman Spokesperson Secretary Treasurer Analyst
    Chapter Class Series
""")

# States and streets, mostly inside a sentence; a State ends one after its town: "Reno, Nev.".
STATES = _words("""
    Ala Ariz Ark Calif Cal Colo Conn Del Fla Ga Ill Ind Kan Kans Ky La Mass Md Mich Minn Miss
    Mo Mont Neb Nebr Nev Okla Ore Pa Penn Tenn Tex Va Vt Wash Wis Wisc Wyo
    N.C N.D N.H N.J N.M N.Y R.I S.C S.D W.Va D.C P.R B.C Ont Que Alta
""")
STREETS = _words("St Ste Str Ave Av Blvd Rd Ln Hwy Pkwy Sq")

# Plural initials, as in Spanish "EE. UU.".
DOUBLED = _words("EE UU FF AA RR HH")

# Clock times end a sentence unless a zone or a day follows: "8 p.m. Monday", "9 a.m. EST".
CLOCK = _words("a.m p.m A.M P.M")
AFTER_CLOCK = _words("""
    Monday Tuesday Wednesday Thursday Friday Saturday Sunday Mon Tue Tues Wed Thu Thurs
    Fri Sat
    Sun January February March April May June July August September October November December
    Jan Feb Mar Apr Jun Jul Aug Sep Sept Oct Nov Dec
    ET EST EDT CT CST CDT MT MST MDT PT PST PDT GMT UTC BST CET CEST Eastern Central Mountain
    Pacific
""")

# "Plan B." and the like: the letter after these is no initial of a name.
LETTERED = _words("""
    Plan Part Group Vitamin Section Class Schedule Title Exhibit Appendix Grade Hepatitis
    Category Type Model Option Gate Gruppe Klasse
""")

# Capitalised, these begin a sentence much more often than they go on with a name.
STARTERS = _words("""
    The This That These Those There Then They Their Them He She It His Her Its We Our You
    Your I
    My A An And But Or So Yet If When While Where Why How What Who Which As At By For From In
    Into Of On To With Without After Before During Since Until Because Although Though However
    Still Also Another Some Many Most Several Both Each Every All Any No Not Now Once Only
    Just
    Even Perhaps Maybe Meanwhile Nor Is Are Was Were Do Does Did Has Have Had Can Could Would
    Should Under Over Between Among About Against Despite Instead Later Earlier Last Next
    Today
    Here One Two Three Let Please Yes Nobody Everyone Other Others Such Than Thus Through
    Der Die Das Dem Den Des Ein Eine Einer Einem Er Sie Es Wir Ihr Ich Und Aber Oder Doch
    Auch Im
    Am Vom Zum Zur Bei Beim Mit Nach Vor Seit Für Auf Aus Dort Dann Dabei Damit Dazu Diese
    Dieser
    Dieses Wenn Weil Als Wie Wer Was Wo Seine Ihre Zu Ab Bis Durch Gegen Ohne Um Unter
    Zwischen
    Le La Les Un Une Des Du Il Elle Ils Elles On Ce Cet Cette Ces Et Mais Ou Donc Dans En
    Au Aux
    Pour Par Sur Avec Sans Sous Selon Son Sa Ses Leur Après Avant Depuis Pendant Lors
    El Los Las Una Unos Unas Lo Él Ella Ellos Este Esta Estos Estas Ese Esa Eso Y Pero O
    Por Para
    Con Sin Según Desde Hasta Su Sus Se Cuando Como Aunque También Tras Durante Del Al
    Gli Uno Nel Nella Dal Dalla Questo Questa Ma Per Che Anche Dopo Suo Sua
    Os As Um Uma Ele Ela Eles Elas No Na Nos Nas Ao Mas Seu Sua Não Após Em
    Он Она Оно Они Мы Вы Я Это Этот Эта Эти В Во На И А Но Или С Со К По За Из От До Для
    При О Об
    Не Как Когда Если Что Где Там Тогда Также Его Её Их После Перед Под Над У
""")

# Words a line cannot stop at: a line that ends in one goes on in the next.
UNFINISHED = _words("""
    a an the of to in on at by for from with and or but as that than into over under about
    after
    before between against his her its their our your my is are was were be been has have had
    will would can could should may might must not President Senator Representative Governor
    Secretary Judge Justice Mayor Minister Chancellor
    der die das dem den des ein eine einer einem und oder in im am mit von vom zu zum zur
    für auf
    le la les un une des du de et ou à au aux dans en pour par sur avec sans
    el los las una y o del al por para con sin se il lo gli di da per che e os as um uma
    em não
    и в во на с со к по за из от до для при о об не
""")

# Who said it, after a question in quotation marks: "Why?" Ms. Doe asked.
SPEECH_VERBS = _words("""
    said says say asked asks ask told tells wrote writes tweeted posted replied replies
    answered
    added adds shouted yelled exclaimed cried wondered joked quipped responded continued
    declared insisted recalled whispered screamed demanded inquired chanted called
    قال قالت يقول تقول سأل سألت أضاف أضافت تساءل تساءلت
    कहा पूछा बोले बोला बोली कहते कहती पूछते लिखा
""")
# The same where words are not spaced.
SPEECH_SIGNS = "说說问問道称稱喊と"

# Words before "14." or nouns after it that make the number an ordinal, as in German.
ORDINAL_NOUNS = _words("""
    Januar Jänner Februar März April Mai Juni Juli August September Oktober November Dezember
    Jahrhundert Jahrhunderts Jahrhunderte Jahrestag Geburtstag Bundestag Bundestages Platz Mal
    Runde Tag Tages Woche Monat Jahr Auflage Klasse Weltkrieg Weltkriegs Weltkrieges Etage
    Stock
    Spieltag Minute Lebensjahr Kongress Kapitel Armee Division Wahlperiode Legislaturperiode
    Bezirk Arrondissement Staffel Folge Stunde Etappe Parteitag
""")
ORDINAL_CUES = _words("""
    der die das dem den des am im vom zum zur ab bis seit dieser diesem jeder jeden und
    ihr ihre
    ihren sein seine seinen
""")

# The second part of a date long past, where what follows may be a new sentence.
ERAS = _words("a.C d.C B.C A.D B.C.E Chr J.-C гг")

# Stand anywhere, at a sentence's end as well; small letters after them do not begin one.
OTHERS = _words("""
    etc usw ecc al dept govt est pct mph min sec hr hrs lb lbs oz sq ft yr yrs misc natl assn
    assoc univ avg dem dems dist admin intl orig rel
    др пр тыс млн млрд руб
""")

# After a full stop without a space: "example.Com", "report.PDF".
FILES_AND_DOMAINS = _words(
    "com org net gov edu mil info co uk eu us de fr tv io ai js pdf doc docx jpg png txt html"
)

_ALL = frozenset().union(
    *(TITLES, JOINING, NUMBERED, DATES, NAME_ENDS, COMPANIES, STATES, STREETS, DOUBLED),
    *(CLOCK, ERAS, OTHERS),
)
_SHOUTED = TITLES | _words("St Ste Mt Ft")


def _alnum(text: str) -> bool:
    """Whether `text` has a letter or a digit."""
    return any(map(str.isalnum, text))


def is_letter(word: str) -> bool:
    """Whether `word` is a single letter, with or without its vowel sign."""
    return word[:1].isalpha() and (len(word) == 1 or (len(word) < 4 and not _alnum(word[1:])))


def is_initials(word: str) -> bool:
    """Whether `word` is letters with full stops between them, as U.S or Ph.D."""
    if "." not in word:
        return False
    parts = word.split(".")
    return all(
        part and sum(map(str.isalpha, part)) <= 2 and not part.isdigit() for part in parts
    )


def as_listed(word: str) -> str:
    """Return a title or saint in capitals as the lists have it: Sen for SEN."""
    return word.title() if word.isupper() and word.title() in _SHOUTED else word


@lru_cache(maxsize=4096)  # the same few words stand before most stops
def is_abbreviation(word: str) -> bool:
    """Whether `word`, written before a full stop, is known or looks like an abbreviation."""
    return as_listed(word) in _ALL or is_letter(word) or is_initials(word)
