/** Beginnings of bank card numbers (ISO/IEC 7812 issuer identification numbers) with the lengths they come in.
 *
 *  SOURCE: the ranges of the card organisations as ISO/IEC 7812 and they publish them (62 UnionPay, 4 Visa, 51 to 55 and 2221 to
 *  2720 Mastercard, 34 and 37 American Express, 3528 to 3589 JCB); 685800, 690755, 694301 and 695800 from LianjiaTech/d18n
 *  corpus/mask/BIN.zh_CN, commit fd49b83e8db1ef7ffc0c80bed18432780750b4b3 (Apache-2.0); 9558, 95599, 436742, 601382 and 603367 are
 *  the old ranges of four large banks and one of a city bank.
 *  @module */

/** `first-last:lengths`, both ends of as many digits. */
const RANGES = `
  62-62:16,17,18,19 4-4:13,16,19 51-55:16 2221-2720:16 34-34:15 37-37:15 3528-3589:16
  9558-9558:16,19 95599-95599:19 436742-436742:16,19 601382-601382:19 603367-603367:18
  685800-685800:16,18 690755-690755:15,18 694301-694301:18 695800-695800:18
`;

/** First digits that one issuer or organisation has, from `first` to `last`, and the lengths of its cards. */
export interface BankBin {
  readonly first: string;
  readonly last: string;
  readonly lengths: ReadonlySet<number>;
}

const ranges: readonly BankBin[] = [...RANGES.matchAll(/([0-9]+)-([0-9]+):([0-9,]+)/g)].map(
  ([, first = "", last = "", lengths = ""]) => ({
    first,
    last,
    lengths: new Set(lengths.split(",").map(Number)),
  }),
);

/** The first range that a card number of these digits is in. */
export function bankBin(digits: string): BankBin | undefined {
  return ranges.find(({ first, last, lengths }) => {
    const head = digits.slice(0, first.length);
    return lengths.has(digits.length) && head >= first && head <= last;
  });
}

/** Whether a card number of these digits may exist: its first digits are an issuer's, and it is as long as that issuer's cards. */
export function hasBankBin(digits: string): boolean {
  return bankBin(digits) !== undefined;
}
