"""Words that say nothing about a document, by language, folded as analysis folds; those of questions are among them."""

from services.search.engine import arabic


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


EN = _words("""
a about after all also an and any are as at be because been before being between both but by can could did do does
doing down during each few
for from further had has have having he her here hers him his how i if in into is it its just me more most my no nor
not of off on once only
or other our ours out over own s same she should so some such t than that the their theirs them then there these they
this those through to
too under until up very was we were what when where which while who whom why will with would you your yours
""")

FR = _words("""
a afin ai ainsi alors au aucun aussi autre autres aux avec avoir c ce ceci cela celle celles celui ces cet cette ceux
ci comme comment d dans de
depuis des donc dont du elle elles en entre est et etaient etait etant ete etre eu eux fait il ils j je jusqu l la
laquelle le lequel les leur
leurs lorsque lui m ma mais me meme memes mes moi moins mon n ne ni nos notre nous on ont ou par parce pas pendant peu
peut peuvent plus pour
pourquoi qu quand que quel quelle quelles quels qui s sa sans se selon sera seront ses si soit son sont sous sur t ta
te tel telle tes toi ton
tous tout toute toutes tres tu un une vers vos votre vous y
""")

ES = _words("""
a al algo algun alguna algunas algunos ante antes aquel aquella aquellos asi aun aunque cada como con contra cual
cuales cuando de del desde
donde durante e el ella ellas ellos en entre era eran es esa esas ese eso esos esta estaba estan estar estas este esto
estos fue fueron ha habia
han hasta hay la las le les lo los mas me mi mientras mis mucho muchos muy nada ni no nos nosotros o os otra otras
otro otros para pero poco por
porque pues que quien quienes se sea sean segun ser si sido sin sobre son su sus tambien tan tanto te tiene tienen
todo todos tu tus u un una
unas uno unos y ya yo
""")

RU = _words("""
а без более бы был была были было быть в вам вас весь во вот все всего всех вы где да даже для до его ее если есть еще
же за здесь и из или им
их к как какая какие каков какой ко когда которая которого которой которые который которых кто ли либо между меня мне
может мы на над надо наш
не него нее нет ни них но ну о об однако он она они оно от очень по под после почему при про с свое своей своих себя
со так также такие такой
там те тем то того тоже той только том тот у уже хотя чего чем через что чтобы чье эта эти этих это этого этой этом
этот я
""")

AR = frozenset(
    map(
        arabic.normalise,
        _words("""
من في الى على عن مع هذا هذه ذلك تلك التي الذي الذين اللذين اللتين ما ماذا لا لم لن ان انه انها كان كانت يكون تكون هو
هي هم هن نحن انت انا كما كيف
متى اين لماذا هل او ام ثم قد لقد كل بعض غير بين حول خلال عند عندما منذ حتى اذا لكن بل لدى ايضا اي اية وفي ومن وعلى
والى وعن ومع وما وهو وهي وان وقد
ولا ولم وكان وكانت وذلك وهذا وهذه فيها فيه منها منه عليها عليه به بها له لها لهم مما بما فيما كذلك هناك هنا ليس ليست
يمكن بعد قبل ضمن نحو مثل
"""),
    )
)

# Chinese has no spaces: these part the run that they stand in.
ZH = "如何|怎么|怎样|什么|为什么|哪些|是否|的|了|和|与|及|在|是|吗|呢"
