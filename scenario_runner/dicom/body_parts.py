"""Body parts: the code of each, whether a person has two of it, and where it lies.

Defined terms of Body Part Examined (PS3.16 table L-1) with their SNOMED CT codes (CID 4 and 4031, held
to pydicom's copy by a test). The Standard's table says nothing of sides; anatomy does: what is there
once on the right and once on the left is paired, what the middle of the body has once is not.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from scenario_runner.lazy_dataclasses import dataclass

if TYPE_CHECKING:
    from collections.abc import Mapping

Region = Literal["head", "chest", "abdomen", "arm", "hand", "leg", "foot", "whole"]
"""Where a picture of a part is taken; the neck goes with the head, the pelvis with the abdomen."""


@dataclass(frozen=True, slots=True)
class BodyPart:
    """One defined term. code, meaning: of the coding scheme SCT."""

    code: str
    meaning: str
    region: Region
    paired: bool = False


BODY_PARTS: Final[Mapping[str, BodyPart]] = {
    "ABDOMEN": BodyPart("818981001", "Abdomen", "abdomen"),
    "ABDOMENPELVIS": BodyPart("818982008", "Abdomen and Pelvis", "abdomen"),
    "ACJOINT": BodyPart("85856004", "Acromioclavicular joint", "chest", paired=True),
    "ADRENAL": BodyPart("23451007", "Adrenal gland", "abdomen", paired=True),
    "ANKLE": BodyPart("70258002", "Ankle joint", "leg", paired=True),
    "ANUS": BodyPart("53505006", "Anus", "abdomen"),
    "AORTA": BodyPart("15825003", "Aorta", "chest"),
    "ARM": BodyPart("40983000", "Upper arm", "arm", paired=True),
    "AXILLA": BodyPart("91470000", "Axilla", "chest", paired=True),
    "BACK": BodyPart("77568009", "Back", "abdomen"),
    "BILEDUCT": BodyPart("28273000", "Bile duct", "abdomen"),
    "BLADDER": BodyPart("89837001", "Bladder", "abdomen"),
    "BRAIN": BodyPart("12738006", "Brain", "head"),
    "BREAST": BodyPart("76752008", "Breast", "chest", paired=True),
    "BRONCHUS": BodyPart("955009", "Bronchus", "chest", paired=True),
    "BUTTOCK": BodyPart("46862004", "Buttock", "abdomen", paired=True),
    "CALCANEUS": BodyPart("80144004", "Calcaneus", "foot", paired=True),
    "CALF": BodyPart("53840002", "Calf of leg", "leg", paired=True),
    "CAROTID": BodyPart("69105007", "Carotid Artery", "head", paired=True),
    "CEREBELLUM": BodyPart("113305005", "Cerebellum", "head"),
    "CERVIX": BodyPart("71252005", "Cervix", "abdomen"),
    "CHEEK": BodyPart("60819002", "Cheek", "head", paired=True),
    "CHEST": BodyPart("816094009", "Chest", "chest"),
    "CHESTABDOMEN": BodyPart("416550000", "Chest and Abdomen", "chest"),
    "CHESTABDPELVIS": BodyPart("416775004", "Chest, Abdomen and Pelvis", "chest"),
    "CIRCLEOFWILLIS": BodyPart("11279006", "Circle of Willis", "head"),
    "CLAVICLE": BodyPart("51299004", "Clavicle", "chest", paired=True),
    "COCCYX": BodyPart("64688005", "Coccyx", "abdomen"),
    "COLON": BodyPart("71854001", "Colon", "abdomen"),
    "CORNEA": BodyPart("28726007", "Cornea", "head", paired=True),
    "CORONARYARTERY": BodyPart("41801008", "Coronary artery", "chest"),
    "CSPINE": BodyPart("122494005", "Cervical spine", "head"),
    "CTSPINE": BodyPart("1217257000", "Cervico-thoracic spine", "chest"),
    "DUODENUM": BodyPart("38848004", "Duodenum", "abdomen"),
    "EAR": BodyPart("117590005", "Ear", "head", paired=True),
    "ELBOW": BodyPart("16953009", "Elbow joint", "arm", paired=True),
    "ESOPHAGUS": BodyPart("32849002", "Esophagus", "chest"),
    "EXTREMITY": BodyPart("66019005", "Extremity", "leg", paired=True),
    "EYE": BodyPart("81745001", "Eye", "head", paired=True),
    "EYELID": BodyPart("80243003", "Eyelid", "head", paired=True),
    "FACE": BodyPart("89545001", "Face", "head"),
    "FEMUR": BodyPart("71341001", "Femur", "leg", paired=True),
    "FIBULA": BodyPart("87342007", "Fibula", "leg", paired=True),
    "FINGER": BodyPart("7569003", "Finger", "hand", paired=True),
    "FOOT": BodyPart("56459004", "Foot", "foot", paired=True),
    "FOREARM": BodyPart("14975008", "Forearm", "arm", paired=True),
    "GALLBLADDER": BodyPart("28231008", "Gallbladder", "abdomen"),
    "HAND": BodyPart("85562004", "Hand", "hand", paired=True),
    "HEAD": BodyPart("69536005", "Head", "head"),
    "HEADNECK": BodyPart("774007", "Head and Neck", "head"),
    "HEART": BodyPart("80891009", "Heart", "chest"),
    "HIP": BodyPart("24136001", "Hip joint", "abdomen", paired=True),
    "HUMERUS": BodyPart("85050009", "Humerus", "arm", paired=True),
    "IAC": BodyPart("361078006", "Internal Auditory Canal", "head", paired=True),
    "ILEUM": BodyPart("34516001", "Ileum", "abdomen"),
    "ILIUM": BodyPart("22356005", "Ilium", "abdomen", paired=True),
    "JAW": BodyPart("661005", "Jaw region", "head"),
    "JEJUNUM": BodyPart("21306003", "Jejunum", "abdomen"),
    "KIDNEY": BodyPart("64033007", "Kidney", "abdomen", paired=True),
    "KNEE": BodyPart("72696002", "Knee", "leg", paired=True),
    "LARYNX": BodyPart("4596009", "Larynx", "head"),
    "LEG": BodyPart("30021000", "Leg", "leg", paired=True),
    "LIVER": BodyPart("10200004", "Liver", "abdomen"),
    "LSPINE": BodyPart("122496007", "Lumbar spine", "abdomen"),
    "LSSPINE": BodyPart("1217253001", "Lumbo-sacral spine", "abdomen"),
    "LUNG": BodyPart("39607008", "Lung", "chest", paired=True),
    "MANDIBLE": BodyPart("91609006", "Mandible", "head"),
    "MASTOID": BodyPart("59066005", "Mastoid bone", "head", paired=True),
    "MAXILLA": BodyPart("70925003", "Maxilla", "head", paired=True),
    "MEDIASTINUM": BodyPart("72410000", "Mediastinum", "chest"),
    "MOUTH": BodyPart("123851003", "Mouth", "head"),
    "NASALBONE": BodyPart("74386004", "Nasal bone", "head", paired=True),
    "NECK": BodyPart("45048000", "Neck", "head"),
    "NECKCHEST": BodyPart("417437006", "Neck and Chest", "chest"),
    "NECKCHESTABDOMEN": BodyPart("416152001", "Neck, Chest and Abdomen", "chest"),
    "NECKCHESTABDPELV": BodyPart("416319003", "Neck, Chest, Abdomen and Pelvis", "chest"),
    "NOSE": BodyPart("45206002", "Nose", "head"),
    "OPTICCANAL": BodyPart("55024004", "Optic canal", "head", paired=True),
    "ORBIT": BodyPart("363654007", "Orbital structure", "head", paired=True),
    "OVARY": BodyPart("15497006", "Ovary", "abdomen", paired=True),
    "PANCREAS": BodyPart("15776009", "Pancreas", "abdomen"),
    "PAROTID": BodyPart("45289007", "Parotid gland", "head", paired=True),
    "PATELLA": BodyPart("64234005", "Patella", "leg", paired=True),
    "PELVIS": BodyPart("816092008", "Pelvis", "abdomen"),
    "PENIS": BodyPart("18911002", "Penis", "abdomen"),
    "PHARYNX": BodyPart("54066008", "Pharynx", "head"),
    "PROSTATE": BodyPart("41216001", "Prostate", "abdomen"),
    "RADIUS": BodyPart("62413002", "Radius", "arm", paired=True),
    "RADIUSULNA": BodyPart("110535000", "Radius and ulna", "arm", paired=True),
    "RECTUM": BodyPart("34402009", "Rectum", "abdomen"),
    "RIB": BodyPart("113197003", "Rib", "chest", paired=True),
    "SCALP": BodyPart("41695006", "Scalp", "head"),
    "SCAPULA": BodyPart("79601000", "Scapula", "chest", paired=True),
    "SCJOINT": BodyPart("7844006", "Sternoclavicular joint", "chest", paired=True),
    "SCLERA": BodyPart("18619003", "Sclera", "head", paired=True),
    "SCROTUM": BodyPart("20233005", "Scrotum", "abdomen"),
    "SELLA": BodyPart("42575006", "Sella turcica", "head"),
    "SESAMOID": BodyPart("58742003", "Sesamoid bones of foot", "foot", paired=True),
    "SHOULDER": BodyPart("16982005", "Shoulder", "chest", paired=True),
    "SIJOINT": BodyPart("39723000", "Sacroiliac joint", "abdomen", paired=True),
    "SINUS": BodyPart("2095001", "Paranasal sinus", "head", paired=True),
    "SKULL": BodyPart("89546000", "Skull", "head"),
    "SPINE": BodyPart("421060004", "Spine", "abdomen"),
    "SPLEEN": BodyPart("78961009", "Spleen", "abdomen"),
    "SSPINE": BodyPart("54735007", "Sacrum", "abdomen"),
    "STERNUM": BodyPart("56873002", "Sternum", "chest"),
    "STOMACH": BodyPart("69695003", "Stomach", "abdomen"),
    "SUBMANDIBULAR": BodyPart("5713008", "Submandibular area", "head", paired=True),
    "TESTIS": BodyPart("40689003", "Testis", "abdomen", paired=True),
    "THIGH": BodyPart("68367000", "Thigh", "leg", paired=True),
    "THUMB": BodyPart("76505004", "Thumb", "hand", paired=True),
    "THYMUS": BodyPart("9875009", "Thymus", "chest"),
    "THYROID": BodyPart("69748006", "Thyroid", "head"),
    "TIBIA": BodyPart("12611008", "Tibia", "leg", paired=True),
    "TIBIAFIBULA": BodyPart("110536004", "Tibia and fibula", "leg", paired=True),
    "TLSPINE": BodyPart("1217256009", "Thoraco-lumbar spine", "abdomen"),
    "TMJ": BodyPart("53620006", "Temporomandibular joint", "head", paired=True),
    "TOE": BodyPart("29707007", "Toe", "foot", paired=True),
    "TONGUE": BodyPart("21974007", "Tongue", "head"),
    "TRACHEA": BodyPart("44567001", "Trachea", "chest"),
    "TSPINE": BodyPart("122495006", "Thoracic spine", "chest"),
    "ULNA": BodyPart("23416004", "Ulna", "arm", paired=True),
    "UMBILICAL": BodyPart("90290004", "Umbilical region", "abdomen"),
    "UPPERARM": BodyPart("40983000", "Upper arm", "arm", paired=True),
    "URETER": BodyPart("87953007", "Ureter", "abdomen", paired=True),
    "URETHRA": BodyPart("13648007", "Urethra", "abdomen"),
    "UTERUS": BodyPart("35039007", "Uterus", "abdomen"),
    "VAGINA": BodyPart("76784001", "Vagina", "abdomen"),
    "VULVA": BodyPart("45292006", "Vulva", "abdomen"),
    "WHOLEBODY": BodyPart("38266002", "Entire body", "whole"),
    "WRIST": BodyPart("74670003", "Wrist joint", "hand", paired=True),
    "ZYGOMA": BodyPart("13881006", "Zygoma", "head", paired=True),
}


SIDES: Final[Mapping[str, str]] = {"R": "right", "L": "left", "B": "both sides"}
"""Laterality in words (PS3.3 C.7.3.1, C.8.11.2)."""


def find(term: str) -> BodyPart | None:
    """What is known about a value of Body Part Examined, in whatever case; None for no defined term."""
    return BODY_PARTS.get(term.strip().upper())


def is_paired(term: str) -> bool:
    """Whether a person has one on each side, so that an image shows the right or the left one."""
    part = find(term)
    return part is not None and part.paired
