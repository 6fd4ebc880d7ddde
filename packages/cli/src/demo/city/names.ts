/** Names of made-up people: frequent surnames by their share, two-character given names more often than one.
 *  @module */
import type { SeededRandom, Weighted } from "./random.ts";

/** Surnames, per ten thousand people. */
const SURNAMES: [Weighted<string>, ...Weighted<string>[]] = [
  ["王", 952],
  ["李", 934],
  ["张", 896],
  ["刘", 677],
  ["陈", 613],
  ["杨", 427],
  ["黄", 326],
  ["吴", 268],
  ["赵", 267],
  ["周", 252],
  ["徐", 193],
  ["孙", 183],
  ["马", 172],
  ["朱", 170],
  ["胡", 155],
  ["林", 151],
  ["郭", 150],
  ["何", 140],
  ["高", 133],
  ["罗", 126],
  ["郑", 124],
  ["梁", 113],
  ["谢", 101],
  ["宋", 93],
  ["唐", 92],
  ["许", 88],
  ["邓", 82],
  ["冯", 82],
  ["韩", 82],
  ["曹", 79],
  ["曾", 77],
  ["彭", 77],
  ["肖", 74],
  ["蔡", 70],
  ["潘", 69],
  ["田", 69],
  ["董", 68],
  ["袁", 67],
  ["于", 64],
  ["余", 63],
  ["蒋", 63],
  ["叶", 63],
  ["杜", 62],
  ["苏", 61],
  ["魏", 60],
  ["程", 60],
  ["吕", 60],
  ["丁", 58],
  ["沈", 55],
  ["任", 55],
  ["姚", 54],
  ["欧阳", 9],
  ["上官", 3],
  ["司马", 2],
  ["诸葛", 2],
];

const GIVEN_FEMALE = "芳娜敏静丽艳娟霞秀玲桂英梅兰莉萍红雪琳晶妍茜倩婷颖怡佳慧欣雨梦洁琪瑶";
const GIVEN_MALE = "伟强磊军洋勇杰涛超明刚平辉鹏飞波斌宇浩凯健俊帆帅旭宁龙林翔阳志国建文";

const female = characters(GIVEN_FEMALE);
const male = characters(GIVEN_MALE);

/** A full name. */
export function drawName(random: SeededRandom, gender: "female" | "male"): string {
  const given = gender === "female" ? female : male;
  const second = random.chance(0.85) ? random.pick(given) : "";
  return random.weighted(SURNAMES) + random.pick(given) + second;
}

/** The characters of a text that is not empty. */
export function characters(text: string): [string, ...string[]] {
  const [first = "", ...rest] = Array.from(text);
  return [first, ...rest];
}
