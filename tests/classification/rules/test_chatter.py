"""Texts among friends, where a "yes" or "no" mostly answers nothing. Every text here was written for this test."""

import pytest

from classification.engines.rules.engine import Rules
from classification.engines.rules.packs import shipped
from classification.labels import Label

RULES = Rules(shipped())
# What says nothing, and beside it what is nearly the same and does.
NOTHING = """
ok so what is the score now
ok so who is bringing the speaker
ok listen, ali lost his wallet again
right so where did i park
ok lah the concert
ok not bad the new hotel
lecture was ok, bit long
ok what, the interview not so scary
yes finally the rain stopped
yess arsenal won again
yes mate hows the new job
yes bro whats up
sure kena fined for that
she so not happy lately
her brother will not like that
the driver refused to wait
we got approved for the flat
hope you can make it to the top
cant trust this weather
so sleepy i cant think
i cant open my eyes
no use complaining
no hope already
the fan no working
the lift no stop at level 3
the guard say no need to sign
half my brain says no
her landlord said no to the cat
the agent said yes to his offer
flight delayed so no dinner for me
left my pass in the locker
you wont believe who i met
ferry cancelled till monday
dun sleep until noon again ah
don't stress too much
skip lunch again ah
pass my greetings to grandma
too many people at the pool
my exam was ok
how can anyone sleep, so noisy
jom futsal malam ni
dah makan belum
mera phone nahi mil raha
what is he saying, kya plan hai
di ako makatulog sa init
yes for the sunday but no for the monday
as you know no for lunch but yes for dinner
my roll no is 14
smile more ok
i know you can win this
im sure you did fine in the test
no helmet no ride
talk to you after class k
ok so two funny things
alright i just heard your song on the radio
ok now i see why he left
hope everyone is doing well
fine thanks, and you?
i should not have trusted that shop
maybe your brother moved it
always busy lately
they keep saying yes yes
no wonder the tyre is flat
love you loads
you can do it
you will see the church on the left
i ate too much
that girl is too much
half wants to stay, half wants to leave
can i reply on monday
i let you know by noon
cannot confirm yet
busy?
kahapon ayaw ko
on my way to the burial
my last message was a mistake
maybe he forgot
i only agreed to two days
waiting for the lift now
thanks, saves my day
the yes or no question was hard
ok now i am lost
my exam went fine
you sure about that
the tutor cancelled our lesson
before i answer, who is in charge
dito na naghihintay ang mga bata
"""
AGREEING = """
yes correct, platform no 9
ok cge, message me if ur near
ok so what time do we start
ok so i bring the speaker
ok the concert at 8
ok only for one hour
yes finally i can attend
yes he won the bid
sure he can come
course i can help
on lah, i bring the ball
jom, pukul berapa
fri can lah
busy but ok i come
haan kal pakka
i said yes already
go ahead i dont need it
reaching in 15 min if the bus is on time
ok di we will go at 4
oorderin ko na po
sige po, hintayin ko kayo sa gate
sige dun na lang tayo
already told the guard
sent it yesterday
will inform my teacher
i bring it to you later
i'll be at your gate by nine
my wife and i both will come
the twins can attend
certainly sir
more the merrier
it won't happen again
deal, no take backs
after dinner can
sure, might be a few minutes late
he is indeed
lunch can
confirm nako ang order
sige kahit malayo
yeah man definitely
ya coming, might be about 10 min late
my file no. 12, i confirm
confirm po ako sa night duty
we will arrange the tents
"""
REFUSING = """
cannot lah i so full
no use, i am not going
i refuse
the guard refused us and i decline too
my booking was cancelled so i am not coming
tmr no la
please don't charge my card
don't come over
i skip this one
so tired
x boleh la
nahi yaar
accha nahi
so no
dun have leh
sorry no place in my car
i don't know, i don't agree
wala lang akong pera
haan nga umay
i wish i could
would if we could
i'd love to but i'm abroad
haven't seen her since monday
my essay is not finished
still stuck at work
working the whole weekend
not have my permission
sorry already sold
did not see any email
we decided to go with another supplier
kaise aaunga yaar
back out na po ako
they won't release me for the 3rd
our son won't be at school
we do not allow him to swim
duty ko po sa kabilang ospital
paiseh i cannot lend
"""


def _cases(label: Label, texts: str) -> list[tuple[str, Label]]:
    return [(text, label) for text in texts.strip().split("\n")]


@pytest.mark.parametrize(
    ("text", "label"),
    [*_cases(Label.NEUTRAL, NOTHING), *_cases(Label.AGREE, AGREEING), *_cases(Label.DISAGREE, REFUSING)],
)
def test_it_tells_an_answer_from_its_words_in_passing(text: str, label: Label) -> None:
    assert RULES.read([text]).label == label
