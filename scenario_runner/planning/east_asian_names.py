"""Korean and Chinese names with the characters and the romanisation that belong together.

Faker has these names in one script only (Korean in hangul, Chinese in characters), and a plan needs
one person in two or three: ``HONG^GILDONG=洪^吉洞=홍^길동``. Each entry is alphabetic, ideographic,
phonetic. Romanisations are usual ones; hanja are one of several that a Korean name may have.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from random import Random

Names = tuple[tuple[str, str, str], ...]


def _table(text: str, columns: int) -> Names:
    rows = [tuple(entry.split("/")) for entry in text.split()]
    return tuple((row[0], row[1], row[2] if columns == 3 else "") for row in rows)


_KOREAN = {
    "family": _table(
        "KIM/金/김 LEE/李/이 PARK/朴/박 CHOI/崔/최 JUNG/鄭/정 KANG/姜/강 CHO/趙/조 YOON/尹/윤 "
        "JANG/張/장 LIM/林/임 HAN/韓/한 OH/吳/오 SEO/徐/서 SHIN/申/신 KWON/權/권 HWANG/黃/황 "
        "AHN/安/안 SONG/宋/송 RYU/柳/류 HONG/洪/홍 JEON/全/전 KO/高/고 MOON/文/문 YANG/梁/양 "
        "SON/孫/손 BAE/裵/배 BAEK/白/백 HEO/許/허 NAM/南/남 NOH/盧/노",
        3,
    ),
    "M": _table(
        "GILDONG/吉洞/길동 MINSU/民秀/민수 YOUNGSU/永秀/영수 SUNGHO/成浩/성호 JIHOON/志勳/지훈 "
        "DONGHYUN/東賢/동현 JUNHO/俊昊/준호 SANGHOON/相勳/상훈 JAEHYUN/宰賢/재현 HYUNWOO/賢宇/현우 "
        "SUNGMIN/成民/성민 YOUNGHO/永浩/영호 KWANGSU/光洙/광수 MINJAE/敏宰/민재 SEUNGHYUN/承賢/승현 "
        "TAEYOUNG/泰榮/태영 JINWOO/鎭宇/진우 CHULSU/哲秀/철수 KYUNGHO/京鎬/경호 JONGSU/鍾秀/종수",
        3,
    ),
    "F": _table(
        "YOUNGHEE/英姬/영희 MINJI/敏智/민지 SOOJIN/秀珍/수진 EUNJU/恩珠/은주 JIYOUNG/智英/지영 "
        "HYUNJUNG/賢貞/현정 MIKYUNG/美京/미경 SUNHEE/順姬/순희 YUNJUNG/允貞/윤정 JIHYE/智慧/지혜 "
        "EUNYOUNG/恩英/은영 SUYEON/秀姸/수연 MISOOK/美淑/미숙 HYEJIN/惠珍/혜진 YOUNGMI/英美/영미 "
        "JUNGHEE/貞姬/정희 KYUNGHEE/京姬/경희 SEOYEON/書姸/서연 BORAM/寶藍/보람 EUNJUNG/恩貞/은정",
        3,
    ),
}
_CHINESE = {
    "family": _table(
        "WANG/王 LI/李 ZHANG/张 LIU/刘 CHEN/陈 YANG/杨 HUANG/黄 ZHAO/赵 WU/吴 ZHOU/周 XU/徐 SUN/孙 "
        "MA/马 ZHU/朱 HU/胡 GUO/郭 HE/何 LIN/林 GAO/高 LUO/罗 ZHENG/郑 LIANG/梁 XIE/谢 SONG/宋 "
        "TANG/唐 HAN/韩 FENG/冯 DENG/邓 CAO/曹 PENG/彭 ZENG/曾 XIAO/肖 TIAN/田 DONG/董 PAN/潘",
        2,
    ),
    "M": _table(
        "XIAODONG/小东 WEI/伟 QIANG/强 JIANGUO/建国 JIANHUA/建华 ZHIQIANG/志强 MINGHUI/明辉 "
        "HAORAN/浩然 YUXUAN/宇轩 JUNJIE/俊杰 WENBO/文博 GUODONG/国栋 HAIBO/海波 LEI/磊 YONG/勇 "
        "JIANPING/建平 ZHENGGUO/正国 XIAOMING/晓明 DAWEI/大伟 CHENGLONG/成龙",
        2,
    ),
    "F": _table(
        "XIAOHONG/小红 FANG/芳 MIN/敏 LIHUA/丽华 XIUYING/秀英 GUIYING/桂英 YUMEI/玉梅 XUEMEI/雪梅 "
        "TINGTING/婷婷 JING/静 YAN/燕 XINYI/欣怡 SHUHUA/淑华 YULAN/玉兰 GUILAN/桂兰 HAIYAN/海燕 "
        "XIAOYAN/晓燕 MEILING/美玲 LINA/丽娜 HUIMIN/慧敏",
        2,
    ),
}
_TAIWANESE = {
    "family": _table(
        "CHEN/陳 LIN/林 HUANG/黃 CHANG/張 LEE/李 WANG/王 WU/吳 LIU/劉 TSAI/蔡 YANG/楊 HSU/許 "
        "CHENG/鄭 HSIEH/謝 HUNG/洪 KUO/郭 CHIU/邱 TSENG/曾 LIAO/廖 LAI/賴 CHOU/周 YEH/葉 SU/蘇",
        2,
    ),
    "M": _table(
        "CHIA-HAO/家豪 CHIH-MING/志明 CHIEN-HUNG/建宏 CHUN-CHIEH/俊傑 CHUN-HUNG/俊宏 "
        "CHIH-HAO/志豪 CHIH-WEI/志偉 WEN-HSIUNG/文雄 CHENG-HAN/承翰 KUAN-YU/冠宇 MING-HUI/明輝 "
        "TSUNG-HAN/宗翰",
        2,
    ),
    "F": _table(
        "SHU-FEN/淑芬 SHU-HUI/淑惠 MEI-LING/美玲 LI-HUA/麗華 MEI-HUI/美惠 SHU-CHUAN/淑娟 "
        "YA-TING/雅婷 HSIU-YING/秀英 YU-LAN/玉蘭 HSIN-YI/欣怡 YI-CHUN/怡君 SHU-CHEN/淑貞",
        2,
    ),
}
TABLES = {"ko_KR": _KOREAN, "zh_CN": _CHINESE, "zh_TW": _TAIWANESE}


def draw(locale: str, part: str, sex: str, random: Random) -> tuple[str, str, str]:
    """One family or given name: (alphabetic, ideographic, phonetic)."""
    return random.choice(TABLES[locale]["family" if part == "family" else sex])
