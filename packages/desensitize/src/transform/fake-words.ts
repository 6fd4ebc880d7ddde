/** Words that fakes are made of. Short lists of facts that everybody knows; which of them a value gets says nothing of it.
 *
 *  SOURCE: surnames: the hundred most frequent of the seventh census of 2020 (Ministry of Public Security, 2021-02-08), in
 *  our own order; divisions: names of GB/T 2260, a choice; number segments: those of the three networks in the MIIT plan;
 *  plates: GA 36-2018, without the letters that it leaves out. Names of roads and of organisations are made of common words.
 *  @module */

/** Family names. */
export const SURNAMES: readonly string[] = Array.from(
  "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余于杜叶程魏苏吕丁任卢姚沈钟姜崔谭陆范汪廖石金韦贾夏付方邹熊白孟秦邱侯江尹薛闫段雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔向常",
);

/** Characters of given names. */
export const GIVEN_CHARACTERS: readonly string[] = Array.from(
  "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超霞平刚桂英华玉兰文辉建国志红梅鹏飞波斌宇浩凯健俊帆雪琳晨佳欣怡嘉子涵思宁安博然睿",
);

/** First three digits of mobile numbers. */
export const MOBILE_SEGMENTS: readonly string[] = (
  "130 131 132 133 135 136 137 138 139 150 151 152 153 155 156 157 158 159 166 173 175 176 177 178 180 181 182 183 184 " +
  "185 186 187 188 189 198 199"
).split(" ");

/** Districts with all that is above them. */
export const DISTRICTS: readonly string[] = (
  "北京市海淀区 北京市朝阳区 上海市浦东新区 上海市徐汇区 天津市和平区 重庆市渝中区 广东省广州市天河区 广东省深圳市南山区 " +
  "浙江省杭州市西湖区 浙江省宁波市鄞州区 江苏省南京市鼓楼区 江苏省苏州市姑苏区 山东省济南市历下区 山东省青岛市市南区 " +
  "四川省成都市武侯区 湖北省武汉市武昌区 湖南省长沙市岳麓区 河南省郑州市金水区 河北省石家庄市长安区 山西省太原市小店区 " +
  "陕西省西安市雁塔区 辽宁省沈阳市和平区 辽宁省大连市中山区 吉林省长春市朝阳区 黑龙江省哈尔滨市南岗区 安徽省合肥市蜀山区 " +
  "江西省南昌市东湖区 福建省福州市鼓楼区 福建省厦门市思明区 贵州省贵阳市云岩区 云南省昆明市五华区 海南省海口市美兰区 " +
  "甘肃省兰州市城关区 广西壮族自治区南宁市青秀区 内蒙古自治区呼和浩特市新城区 新疆维吾尔自治区乌鲁木齐市天山区"
).split(" ");

/** Roads. */
export const ROADS: readonly string[] =
  "人民路 中山路 解放路 建设路 和平路 新华路 文化路 胜利路 长江路 黄河路 朝阳路 光明路 友谊路 团结路 迎宾路 学府路".split(
    " ",
  );

/** Cities as organisations are named after them. */
export const CITIES: readonly string[] =
  "北京 上海 天津 重庆 广州 深圳 杭州 宁波 南京 苏州 济南 青岛 成都 武汉 长沙 郑州 石家庄 太原 西安 沈阳 大连 哈尔滨 合肥 厦门".split(
    " ",
  );

/** Characters of which organisations are named. */
export const BRAND_CHARACTERS: readonly string[] = Array.from("华宏瑞恒信达盛泰通安博创联新源丰嘉诚远景");

/** What organisations do. */
export const TRADES: readonly string[] =
  "科技 贸易 建筑工程 餐饮管理 物流 医疗器械 教育咨询 文化传播 信息技术 机械制造 食品 纺织 环保 电子 农业 装饰".split(
    " ",
  );

/** Provinces as plates begin. */
export const PLATE_PROVINCES: readonly string[] = Array.from(
  "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼",
);

/** Letters of issuing offices that every province has. */
export const PLATE_OFFICES: readonly string[] = Array.from("ABCDE");

/** Characters of the number on a plate. */
export const PLATE_CHARACTERS: readonly string[] = Array.from("0123456789ABCDEFGHJKLMNPQRSTUVWXYZ");
