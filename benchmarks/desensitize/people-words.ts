/** Words that generated people are made of: common surnames, divisions of GB/T 2260, prefixes of numbers in use. All are
 *  public facts; no combination of them is a person.
 *  @module */

/** Most frequent first. */
export const SURNAMES = [
  ...characters(
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严武戴莫孔向汤",
  ),
  "欧阳",
  "司马",
];
/** Characters of given names. */
export const GIVEN = characters(
  "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红文辉建国梅婷宇浩然欣怡子涵梓轩思雨晨曦博文佳琪志远春兰海燕云龙凤新春生光福贵荣",
);
/** Districts, all of them in use. */
export const REGIONS =
  "110101 110105 110108 310104 310115 440103 440106 440305 330106 330108 330203 330302 320102 320505 320213 370102 370202 510104 510107 500103 500112 420106 420102 410105 410103 430102 430104 350203 350102 340104 340102 610113 610104 210102 210202 230103 220104 130102 130203 140105 360102 450103 530102 520102 460105 620102 640104 630103 650102 150102 540102 120101 120103 441900 330782 320583 370682 410181 350582 430181 510182 422801 522301 532501 653101".split(
    " ",
  );
/** Names by the first two digits of a division. */
export const PROVINCES: readonly (readonly [string, string])[] =
  "11北京市 12天津市 13河北省 14山西省 15内蒙古自治区 21辽宁省 22吉林省 23黑龙江省 31上海市 32江苏省 33浙江省 34安徽省 35福建省 36江西省 37山东省 41河南省 42湖北省 43湖南省 44广东省 45广西壮族自治区 46海南省 50重庆市 51四川省 52贵州省 53云南省 54西藏自治区 61陕西省 62甘肃省 63青海省 64宁夏回族自治区 65新疆维吾尔自治区"
    .split(" ")
    .map((entry) => [entry.slice(0, 2), entry.slice(2)] as const);
/** Streets. */
export const STREETS =
  "人民路 解放路 建设路 中山路 和平路 新华路 文化路 朝阳路 长江路 黄河路 迎宾大道 学府街 滨河东路 光明巷".split(" ");
/** First three digits of mobile numbers. */
export const MOBILE_PREFIXES =
  "130 131 132 133 134 135 136 137 138 139 150 151 152 153 155 156 157 158 159 166 173 176 177 178 180 181 182 183 185 186 187 188 189 191 198 199".split(
    " ",
  );
/** First six digits of cards that banks issue. */
export const BINS = "622202 621700 622848 621661 622588 622260 621098 622908 622666 621483".split(" ");
/** The fifty-five that are not the most numerous, in part. */
export const NATIONS =
  "壮族 满族 回族 苗族 维吾尔族 土家族 彝族 蒙古族 藏族 布依族 侗族 瑶族 朝鲜族 白族 哈尼族 哈萨克族 黎族 傣族 畲族 傈僳族".split(
    " ",
  );
/** Levels of education. */
export const EDUCATION = "初中 高中 大专 本科 小学 硕士 博士".split(" ");
/** Kinds of work. */
export const OCCUPATIONS = "工人 农民 职员 个体经营 教师 学生 退休 公务员 技术人员 医护 军人 其他".split(" ");
/** Diagnoses. */
export const DIAGNOSES =
  "高血压 2型糖尿病 上呼吸道感染 慢性胃炎 冠心病 脑梗死 腰椎间盘突出 肺炎 甲状腺结节 哮喘 抑郁症 肝炎 骨折 胆结石 贫血 肾病 乳腺癌 肺癌 癫痫 艾滋病".split(
    " ",
  );

function characters(text: string): string[] {
  return Array.from(text);
}
