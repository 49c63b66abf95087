"""What people answer, one text a line. Every text here was written for the tests."""

ENGLISH_YES = """
yes
Yes, I can help
YESSSS!!!
yep, count me in
Sure, what time?
Yes, where?
ok
okay po
Okie, see u there
alright, noted
I agree
confirmed
I'd love to
I will be there
Will attend
I can
go ahead
sounds good to me
Works for me
no problem
No prob, see you
no worries
why not
Why not?
not bad
I can't wait!
I don't have any problem with that
Don't worry, I'll be there
definately
Absolutley
👍
👌🏽
book me
no objection here
No way I would miss it
nobody could object to that
without question
Who wouldn't?
ok going now ttyl
yes no definitely
No prob not busy that day
nothing is impossible, I'm in
ok so what time do I come in
yrs
"""
ENGLISH_NO = """
no
Nope
nah
NOOOO
I cannot
I can't
cant
not ok
It’s not okay
Sorry, can't make it
I won't be able to attend
I don't think so
I don't think I can
I would like to but I can't
I am not coming
not now
not yet
not interested
No, that's ok
no thanks
No thank you, maybe next time
please cancel
I have to cancel
I changed my mind
count me out
too busy, sorry
nevermind
I disagree
that is not correct
Wrong
👎
not really
ok sorry I can't go
Yes but I can't come
Yeah I can't make it
not attending
the hall is impossible for us
most prob not
I don't think I can run on Sunday
that is too much already
I'd love to but I can't help tonight
Would love to but I can't find a babysitter
He does not consent
In that case no
I have too much homework
No way I would miss my daughter's graduation for that
ok but our group has to cancel
I wish I could be there, sorry
Sige next time I will join
"""
ENGLISH_NEUTRAL = """
maybe
not sure
I'm not really sure
I don't know
it depends
let me check my schedule
I will get back to you soon
Who is this?
what time does it start
can I bring a friend?
is it ok if my sister comes?
ok?
yes if you pay
yes no
no signal here
oh no
no one told me
hello
good morning
Thanks
I know the place
12345
how much
let me think about it
up to you
I don't understand
the fare was raised 3 yrs ago
mob no
sorry, dialled wrong
my crazy sister does not even like rice
I heard it is not very good
it's not that you are late, it is the noise
unable to pick up your call
they prob dont even like it
I can't remember the title
neither for nor against
not sure I would have to ask
the card was not accepted
I drank too much water
"""
FILIPINO_YES = """
oo
Opo
oo naman
Oo po, pupunta ako
sige
cge po
sge n
g
game ako
tara
pwede
pwede po ako bukas
opo pwd
ayos lang
wala akong problema
walang problema
Walang problema po yan
hindi naman problema sa akin
bakit hindi
makakapunta po ako
sama ako
tuloy po
payag ako
kaya ko
busy ako ngayon pero pwede bukas
ok lang
hindi ako busy, pwede ako
carps
dili man problema
naa ko didto
"""
FILIPINO_NO = """
hindi
hindi po
hinde
di na
ndi aq pwd
hindi pwede
hindi ako makakapunta
Oo hindi po ako makakapunta
di ako makakapunta
d ako pupunta
Hindi po ako makakarating, may sakit ako
ayaw ko
ayoko
wag na lang
huwag na po
pass muna ako
next time na lang po
sa susunod na lang
wala akong oras
walang pera
may trabaho ako
gusto ko pero hindi ako pwede
sorry, hindi po
ang mahal naman
hindi ko kaya
sige sana kaso may lakad ako
dili ko
Ibigay niyo na lang po sa iba
bigay mo na sa iba
"""
FILIPINO_NEUTRAL = """
siguro
baka
baka hindi ako makapunta
depende
depende sa oras
hindi ko alam
di ko sure
hindi pa ako sigurado
pag-isipan ko muna
tingnan ko muna
ikaw bahala
magkano po?
anong oras
pwede ba bukas
ok lang ba
tuloy po ba
sige kung libre
sino to
salamat po
magandang umaga po
walang signal
wala pa akong desisyon
oo at hindi
natanggap ko po ang text
"""
