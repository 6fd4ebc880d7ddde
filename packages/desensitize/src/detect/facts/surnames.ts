/** The hundred most frequent surnames, surnames of two characters, and words that begin like a name and are none.
 *
 *  SOURCE: order of frequency from xmxoxo/Chinese-Names-Corpus family_name_1k.txt, commit
 *  99c48f3d20ef80f48bbc613065b97d89b8a81a14 (Apache-2.0). The surnames of two characters are those of the 百家姓.
 *  @module */

/** Surnames of one character. */
export const SURNAMES: ReadonlySet<string> = new Set(
  Array.from(
    "王李张刘陈杨黄吴赵周徐孙马朱胡林郭何高罗郑梁谢宋唐许邓冯韩曹曾彭肖蔡潘田董袁于余蒋叶杜苏魏程吕丁沈任姚" +
      "卢钟姜崔谭廖范汪陆金石戴贾韦夏邱方侯邹熊孟秦白江闫薛尹付段雷黎史龙贺陶顾龚郝毛邵万钱严洪赖武傅莫孔",
  ),
);

/** Surnames of two characters. */
export const COMPOUND_SURNAMES: ReadonlySet<string> = new Set(
  "欧阳 司马 上官 诸葛 东方 皇甫 尉迟 公孙 慕容 令狐 宇文 长孙 夏侯 司徒 司空 端木 轩辕 独孤 南宫 呼延 闻人 澹台 公冶 太史 申屠 钟离 濮阳 淳于".split(
    " ",
  ),
);

/** Words of two to four characters that begin with such a surname and name things, grades, colours, trades or ways. */
export const NOT_NAMES: ReadonlySet<string> = new Set(
  (
    "高中 高职 高级 高等 高管 高压 高清 高新 高铁 高速 高血压 金融 金属 金额 金牌 金卡 金黄 金色 石油 石化 石材 石墨 白色 白酒 白领 白班 白银 白癜风 " +
    "黄色 黄金 黄牌 江南 江北 方形 方向 方便 何时 何地 何人 马上 马铃薯 田径 林业 林地 武术 武装 武警 程序员 任务 任职 任意 任何 万元 万人 千元 " +
    "严重 严格 叶片 余额 余款 于是 许可 许多 段落 毛利 毛坯 毛衣 钱包 夏季 夏装 秋季 龙眼 熊猫 雷达 洪水 贺卡 史学 金银花 丁二烯 丁酮 汪洋 田园 " +
    "石灰石 钟点工 陶瓷 陶器 陆运 陆地 孔径 孔隙 白内障 白血病 黄疸 黄酒 胡椒 胡同 朱红 朱红色 唐装 宋体 金丝 金刚石 汉族 高粱 高层 高龄 " +
    "杨树 柳树 梁柱 马匹 马达 龙门吊 林木 林场 高考 高校 高薪 高危 高风险 万能 方案 方法 方式"
  ).split(" "),
);
