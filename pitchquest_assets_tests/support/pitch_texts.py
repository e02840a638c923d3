"""Invented pitches from several trades, in several styles, and texts that are not pitches.

`Pitch.shown` says which words the quote of an item must contain; an item that is not named there is
not in the pitch, or is said in a way that the rules are not expected to notice.
"""

from dataclasses import dataclass


@dataclass(frozen=True)
class Pitch:
    """A text and what a listener finds in it: item → words of the sentence that shows it."""

    text: str
    shown: dict[str, str]
    punctuated: bool = True


SAAS = Pitch(
    """Hi, I'm Dana, co-founder and CEO of Ledgerly. Finance teams at mid-sized companies spend
    nine days closing the books each month. They copy numbers between 14 spreadsheets, and
    one in four closes contains an error. Ledgerly is a platform that reconciles every
    account automatically. It plugs into your ERP in under an hour and cuts the close from
    nine days to two. We charge $1,500 a month per company, and our gross margin is 84%. In
    ten months we've signed 62 customers and reached $1.1M ARR, growing 18% month over
    month. There are 190,000 companies of this size in North America, so the opportunity is
    $3.4B a year. Unlike BlackLine, which takes six months to roll out, we're live in a
    week. Before this I spent eight years as a controller at Stripe, and my co-founder Raj
    led data infrastructure at Plaid. We're raising a $4M seed round to double our
    engineering team and reach $5M ARR by the end of 2027. Come talk to us at booth twelve.""",
    {
        "problem_clarity": "spend nine days closing the books",
        "solution_fit": "Ledgerly is a platform that reconciles",
        "market_opportunity": "190,000 companies",
        "competition": "Unlike BlackLine",
        "business_model": "We charge $1,500",
        "traction": "62 customers",
        "team": "eight years as a controller",
        "ask": "raising a $4M seed round",
    },
)

BIOTECH = Pitch(
    """I trained as an oncologist, and for twelve years I told parents that there was nothing
    left to try. Every year four thousand children in Europe are diagnosed with
    neuroblastoma, and half of the high-risk patients die within five years. Current
    therapies are toxic: chemotherapy destroys the hearing of most of the children who
    survive it. Our antibody binds a protein that only the tumour carries. In mice it shrank
    nine tumours out of ten, and our toxicology study was completed in May. Until recently
    nobody could make such an antibody at scale; single-cell sequencing changed that in
    2022. We will license the drug to a pharma partner after phase two, for milestone
    payments and a twelve percent royalty. Our chief scientist, Professor Lindqvist,
    discovered the target at the Karolinska Institute and holds three patents on it. We are
    looking for eighteen million euros to take the drug through phase one.""",
    {
        "problem_clarity": "half of the high-risk patients die",
        "solution_fit": "Our antibody binds a protein",
        "why_now": "Until recently nobody could make such an antibody",
        "competition": "Current therapies are toxic",
        "business_model": "We will license the drug",
        "traction": "In mice it shrank nine tumours",
        "team": "Professor Lindqvist",
        "ask": "looking for eighteen million euros",
    },
)

CONSUMER = Pitch(
    """have you ever stood in front of a full fridge and still ordered pizza
    most of us throw away a third of the food we buy and that costs a family fifteen hundred dollars
    so we made fridgely
    it is an app that looks at a photo of your fridge and tells you what to cook tonight
    you take one picture and it gives you three recipes with what you already have
    we launched in march and eighty thousand people use it every week
    half of them come back on the next day
    the app is free and the premium plan costs four dollars a month
    people say there are a hundred recipe apps but all of them start with a shopping list
    and we start with your fridge
    my name is tom and i was a chef for eleven years
    download it tonight and tell me what you cooked""",
    {
        "problem_clarity": "most of us throw away a third of the food",
        "solution_fit": "it is an app that looks at a photo",
        "business_model": "the premium plan costs four dollars a month",
        "competition": "all of them start with a shopping list",
        "traction": "eighty thousand people use it every week",
        "team": "i was a chef for eleven years",
    },
    punctuated=False,
)

HARDWARE = Pitch(
    """We're asking for $750,000 for ten percent of our company. Let me tell you why. Last
    winter my neighbour's heat pump failed at minus twenty, and it took the installer three
    weeks to find out why. That is normal: technicians guess, and every second visit ends
    without a repair. We designed ThermaSense, a sensor the size of a matchbox that clips
    onto the pipe and names the broken part before anyone drives out. Sales of heat pumps in
    Germany have doubled since 2021, and from January every new building must have one. So
    far we have sold 2,300 units to 41 installers. Each unit sells for 89 euros, costs us 31
    to make, and comes with a subscription of five euros a month. We both worked at Bosch
    for a decade; Lena designed the compressor controls and I ran the service organisation.""",
    {
        "problem_clarity": "technicians guess",
        "solution_fit": "We designed ThermaSense",
        "why_now": "from January every new building must have one",
        "business_model": "Each unit sells for 89 euros",
        "traction": "we have sold 2,300 units",
        "team": "We both worked at Bosch for a decade",
        "ask": "asking for $750,000",
    },
)

VAGUE = Pitch(
    """Hello everyone. We are building the future of work. Our platform is a revolutionary, AI-
    powered, end-to-end ecosystem that empowers people to collaborate seamlessly. The market
    is huge. We have no competitors, because nobody else does what we do. We have an amazing
    team. Thank you.""",
    {
        "solution_fit": "Our platform is a revolutionary",
        "market_opportunity": "The market is huge",
        "competition": "We have no competitors",
        "team": "We have an amazing team",
    },
)

HOME_SHARING = Pitch(
    """Hey there, I'm Priya and this is Nestly. When my grandmother moved into assisted living,
    my family paid six grand a month, and she was lonely the entire time. She's not alone.
    Eight in ten seniors say they want to age at home, yet there just aren't enough
    caregivers to go around. Nestly matches older homeowners who have a spare bedroom with
    grad students who need a cheap place to live. Students pay about half of market rent and
    do ten hours of chores a week. We keep fifteen percent of each rent payment. Since our
    launch in Boston two hundred ten pairs have moved in together, and only four of them
    split up. Rent collected through us hit ninety thousand dollars last month, which is
    triple what it was in the spring. Fifty-four million Americans are over sixty-five, and
    a third of them have a bedroom nobody sleeps in. Craigslist doesn't vet anybody and home
    care agencies run thirty bucks an hour. I used to run housing for the city of Boston,
    and my partner Noelle built trust and safety at Airbnb. With one point five million
    we'll open in Chicago, Denver and Philadelphia over the coming year. If you've got
    parents, come see me afterwards.""",
    {
        "problem_clarity": "aren't enough caregivers",
        "solution_fit": "Nestly matches older homeowners",
        "market_opportunity": "Fifty-four million Americans",
        "business_model": "We keep fifteen percent",
        "traction": "Rent collected through us hit ninety thousand",
        "team": "I used to run housing",
        "ask": "With one point five million",
    },
)

TRUCKERS = Pitch(
    """so um basically what we do is payments for truckers
    right so a truck driver drops off a load and then he waits like forty five days to get paid
    and in the meantime he's paying for diesel out of pocket which is crazy
    and so a lot of these guys go to factoring companies that take like five percent off the top
    so what we did is we hooked into the load boards and we pay the driver the same day
    and we take one percent
    and yeah we've got about nine hundred drivers on it now
    we did two point three million in volume last month up from four hundred thousand in january
    so it's growing pretty fast
    there's about three and a half million truck drivers in the us
    and freight is an eight hundred billion dollar industry so it's uh pretty big
    i drove a truck for six years myself before i learned to code
    and my buddy marcus he was at square for like five years doing risk
    so yeah we're looking for two million bucks to grow the loan book and hire a compliance person
    and uh that's pretty much it""",
    {
        "problem_clarity": "he waits like forty five days",
        "solution_fit": "what we do is payments for truckers",
        "market_opportunity": "eight hundred billion dollar industry",
        "business_model": "we take one percent",
        "traction": "nine hundred drivers",
        "team": "i drove a truck for six years",
        "ask": "looking for two million bucks",
    },
    punctuated=False,
)

ALLERGY_APP = Pitch(
    """Last year my daughter was diagnosed with a peanut allergy, and I found out that reading
    labels is a full-time job. Thirty-two million Americans have a food allergy, and every
    three minutes one of them ends up in an emergency room. Labels are written for lawyers,
    not for parents. SafeBite is a free app that scans any product and tells you in one
    second whether your family can eat it. We make our money from food brands: they pay us
    two cents for each time we suggest a safe alternative. In six months we went from zero
    to 140,000 families, without spending a dollar on ads. Yuka rates how healthy a product
    is, but it knows nothing about allergies. I was head of data at Instacart, and my
    husband is an allergist at Mount Sinai. There has never been a better moment: since 2023
    sesame must be on every label, and phones can finally read them. We need $600,000 to
    bring SafeBite to Canada and the UK. Who wants to feed kids safely with us?""",
    {
        "problem_clarity": "diagnosed with a peanut allergy",
        "solution_fit": "SafeBite is a free app",
        "market_opportunity": "Thirty-two million Americans",
        "why_now": "never been a better moment",
        "competition": "Yuka rates how healthy",
        "business_model": "they pay us two cents",
        "traction": "from zero to 140,000 families",
        "team": "head of data at Instacart",
        "ask": "We need $600,000",
    },
)

CEMENT = Pitch(
    """Concrete is responsible for eight percent of the world's carbon emissions. Builders want
    to change that, but green cement costs twice as much and sets too slowly. At Terracrete
    we grow cement with bacteria. Our process runs at room temperature, uses waste from
    desalination plants, and is already ten percent cheaper than Portland cement. We have
    produced forty tons in our pilot plant in Rotterdam, and Heidelberg Materials has signed
    a letter of intent for fifty thousand tons a year. Cement is a 400 billion dollar
    industry. From 2026 importers into the European Union pay for every ton of carbon. We
    sell the bacteria and license the process, which gives us margins of seventy percent.
    Other startups such as Brimstone or Sublime need new factories; we retrofit the ones
    that exist. Maria has spent fifteen years in microbial mineralization at Delft, and I
    built two plants for Holcim. We are raising twelve million euros to build a plant that
    makes one hundred thousand tons a year.""",
    {
        "problem_clarity": "eight percent of the world's carbon emissions",
        "solution_fit": "we grow cement with bacteria",
        "market_opportunity": "400 billion dollar industry",
        "why_now": "From 2026 importers",
        "competition": "Brimstone or Sublime",
        "business_model": "license the process",
        "traction": "letter of intent",
        "team": "Maria has spent fifteen years",
        "ask": "raising twelve million euros",
    },
)

READING = Pitch(
    """Two out of three fourth graders in America can't read at grade level. Their teachers
    know it, but with twenty-six children in a room they have about ninety seconds a day for
    each of them. Lumi listens to a child reading aloud, hears every mistake, and helps
    right then, the way a tutor would. Schools buy it at eight dollars per student per year.
    Last fall we piloted in nine districts in Ohio, and children who used Lumi gained five
    months of reading in one semester. Forty-one districts have signed up for next year,
    which is 1.3 million dollars in contracts. A human tutor costs sixty dollars an hour,
    and Amira, the closest product, only works for one accent. Speech recognition for
    children just became good enough; two years ago it got every third word wrong. I taught
    second grade for eleven years and Jin led speech research at Apple. We'd like 2.5
    million to get into four more states before the next school year. If you know a
    superintendent, please introduce us.""",
    {
        "problem_clarity": "can't read at grade level",
        "solution_fit": "Lumi listens to a child",
        "why_now": "just became good enough",
        "competition": "the closest product",
        "business_model": "eight dollars per student",
        "traction": "Forty-one districts have signed up",
        "team": "I taught second grade",
        "ask": "We'd like 2.5 million",
    },
)

FREIGHT = Pitch(
    """Good evening. My name is Elena. Half of all trucks on European roads drive home empty.
    That burns nine billion liters of diesel for nothing. Backhaul is a marketplace where
    shippers post small loads and carriers fill the empty space on their way home. A carrier
    makes four hundred euros on a trip that used to cost him money, and we earn eight
    percent. In our first year, 3,100 carriers joined, and last month they moved eleven
    thousand loads. Freight exchanges like Timocom are bulletin boards from the nineties.
    They list loads, we match them. There are half a million small carriers in Europe. We
    don't need your money today, we are profitable. What we are looking for is an
    introduction to the big retailers. Thank you.""",
    {
        "problem_clarity": "Half of all trucks",
        "solution_fit": "Backhaul is a marketplace",
        "market_opportunity": "half a million small carriers",
        "competition": "They list loads, we match them",
        "business_model": "we earn eight percent",
        "traction": "3,100 carriers joined",
        "ask": "What we are looking for is an introduction",
    },
)

PITCHES = {
    "saas": SAAS,
    "biotech": BIOTECH,
    "consumer": CONSUMER,
    "hardware": HARDWARE,
    "vague": VAGUE,
    "home sharing": HOME_SHARING,
    "truckers": TRUCKERS,
    "allergy app": ALLERGY_APP,
    "cement": CEMENT,
    "reading": READING,
    "freight": FREIGHT,
}

NOT_PITCHES = {
    "speech": """
        And so my fellow Americans ask not what your country can do for you ask what you
        can do for your country""",
    "novel": """
        and mister john dashwood had then leisure to consider how much there might be
        prudently in his power to do for them he was not an ill disposed young man
        unless to be rather cold hearted and rather selfish is to be ill disposed had he
        married a more amiable woman he might have been made still more respectable than
        he was he might even have been made amiable himself""",
    "recipe": """
        Preheat the oven to 200 degrees. Chop two onions and cook them in butter for ten
        minutes, until they are soft. I made this for my kids last week and they loved
        it. Don't throw away the stalks; they make a good broth. Add 500 grams of flour,
        one egg and a pinch of salt. If you can't find fresh yeast, use the dried kind
        instead. Bake for 35 minutes. It costs about four dollars per person, and it
        takes less than an hour.""",
    "weather": """
        Good evening. A storm from the west will bring heavy rain tonight, and drivers
        should expect delays on the A7. Two thousand homes have lost power since this
        morning. Winds reach 90 kilometres an hour at the coast. Tomorrow is drier, and
        temperatures rise to eighteen degrees by the weekend. Three years ago we had
        snow on the same day; today it is fifteen degrees.""",
    "business news": """
        Shares of the carmaker fell six percent on Tuesday. Revenue has grown only two
        percent since January, and the company said that demand is weak in Europe.
        Analysts expect the market to recover next year. The chief executive told
        reporters that competition from China is fierce.""",
    "travel talk": """
        We started our trip in Lisbon. I worked there for two years, so I know where to
        eat. The trams cost three euros, and you can buy a ticket by the month. Most
        people miss the small market behind the station. We met a man who built his own
        boat and sold it last year. Now we are raising the sails and heading south. Join
        us next week.""",
    "lecture": """
        Today we look at photosynthesis. Plants use light to build sugar from water and
        carbon dioxide. The problem is that the enzyme also binds oxygen, and then the
        plant wastes energy. Some species have solved this. Three million years ago
        these grasses were rare; today they cover a fifth of the land. Next week we will
        talk about respiration.""",
    "school speech": """
        Thank you so much. Ten years ago I started a small school in my village, and we
        had eleven students and one teacher, me. People said we can't do it. Today there
        are four hundred children and nineteen teachers. We built three classrooms with
        our own hands. The problem is not that children don't want to learn. The problem
        is that nobody believes in them. My mother spent six hours a day carrying water,
        and she still taught me to read at night. Every year millions of girls drop out
        of school because their families need them at home. I want to ask you something.
        When was the last time you believed in somebody? We don't need your pity. We
        need your time. If every person in this room taught one child for one hour a
        week, we would change the world. Thank you.""",
    "all hands": """
        Good morning everybody and welcome to the quarterly all hands. Revenue was four
        point two million this quarter, up nine percent. We hired fourteen people,
        mostly engineers. Our customers told us that the mobile app is too slow, so the
        platform team spent the summer making it faster. Next quarter we will launch the
        new dashboard. Please remember to fill out your expense reports by Friday. The
        kitchen on the third floor is closed because of a leak. Any questions?""",
    "phone review": """
        hey guys welcome back to my channel today we're going to look at the new phone
        from samsung it costs nine hundred dollars which is two hundred dollars less
        than the iphone the camera is amazing and the battery lasts two days compared to
        the competition the screen is brighter i've been using it for three weeks and i
        had no problems at all if you like this video hit subscribe and join us on
        discord we have twenty thousand members now this video is sponsored by
        squarespace""",
    "campaign speech": """
        My fellow citizens, four years ago our economy lost eight hundred thousand jobs
        a month. Families lost their homes, and small businesses couldn't get a loan. We
        created five million jobs, and we are building a country where everyone has a
        fair shot. Our competitors in China and Germany are investing in clean energy,
        and we cannot fall behind. I am asking you for your vote. I'm asking for four
        more years. We need to invest two hundred billion dollars in our roads and
        bridges. The time is now. Together we will finish what we started.""",
    "job interview": """
        I have been a nurse for fifteen years, and I am excited about this position. I
        worked at Boston General for a decade and led a team of twelve. I built a
        training program that cut medication errors by thirty percent. My biggest
        weakness is that I can't say no. I am looking for a place where I can grow. I
        would expect around ninety thousand dollars a year. When would I start?""",
    "repair video": """
        So today I want to show you how I restored this old motorcycle. I bought it for
        three hundred dollars from a guy in Ohio, and the engine was completely stuck.
        The problem is the carburetor, most people just throw it away. I cleaned it by
        hand for six hours. You can find these parts online, a kit costs about forty
        bucks. It took me two years to finish, but today it runs better than a new one.
        Thanks for watching and see you next time.""",
    "wedding": """
        Dear friends, we are gathered here to celebrate Anna and Mark. I have known Mark
        for twenty years. We worked together at a bakery, and he once lost four thousand
        dollars of flour because he forgot to close the door. He is the only person I
        know who can laugh about that. Anna built a home for both of them. They are
        looking for happiness, and they found it. Marriage is the best investment you
        will ever make. Please raise your glasses.""",
    "economics class": """
        In this course we will discuss the theory of the firm. A firm has customers and
        competitors. The market for a product is the set of all buyers. Suppose a
        company sells a product for ten dollars and makes it for six. The gross margin
        is forty percent. If the company raises its price, it loses customers. In 1911
        the government broke up Standard Oil because it had no competition. Students
        often make the mistake of confusing revenue with profit. Your homework is due on
        Monday.""",
    "museum": """
        Welcome to the museum of industry. This machine was built in 1880 by a local
        company. It cost four thousand dollars, and it could weave twelve meters of
        cloth an hour. The workers suffered from the noise, and many lost their hearing.
        Their wages were two dollars a week. The founder had been a weaver for ten
        years. His competitors in Manchester were faster, but they needed more coal.
        Within five years he had three hundred customers and sales doubled. Please
        follow me to the next room.""",
    "sermon": """
        Brothers and sisters, what problem keeps you awake at night? So many people
        struggle alone. We have built walls around our hearts. I was a teacher for
        thirty years, and I have seen children who had nobody. What is the price of
        kindness? It costs nothing. Our church has four hundred members, and each of us
        can give one hour a week. We are raising money for a new roof, and we need
        twenty thousand dollars by December. Let us pray.""",
}
