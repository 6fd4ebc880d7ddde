/** Recall and false alarms on public tables of names, places and telephones.
 *  @module */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isMobileNumber } from "@sluice/protocol";
import { expect, test } from "vitest";
import { classifyColumns, isAddress, isLandline, isPersonName, scanColumns, type ColumnFinding } from "../src/index.ts";

const { SLUICE_DATA_DIR: data } = process.env;

test.skipIf(data === undefined)(
  "every frequent surname makes a name, and no division, street or hospital is one",
  () => {
    const surnames = read("cn-names/family_name_1k.txt", "gbk").map((line) => line.split("\t")[0] ?? "");
    const frequent = surnames.slice(1).filter((name) => name.length === 1);
    expect(share(frequent.slice(0, 100), (surname) => isPersonName(`${surname}国强`))).toBe(1);
    for (const file of ["provinces", "cities", "areas"]) {
      expect(share(column(`cn-divisions/${file}.csv`, 1), isPersonName)).toBe(0);
    }
    expect(share(column("cn-divisions/streets.csv", 1), isPersonName)).toBeLessThan(0.001);
    const hospitals = readHospitals();
    expect(hospitals.length).toBeGreaterThan(2_000);
    expect(
      share(
        hospitals.map(({ name }) => name),
        isPersonName,
      ),
    ).toBe(0);
  },
);

test.skipIf(data === undefined)(
  "most addresses of hospitals are known, few of their names; a region is no address",
  () => {
    const hospitals = readHospitals();
    const addresses = hospitals.map(({ address }) => address).filter((text) => text !== "");
    expect(share(addresses, isAddress)).toBeGreaterThan(0.88);
    expect(
      share(
        hospitals.map(({ name }) => name),
        isAddress,
      ),
    ).toBeLessThan(0.1);
    expect(share(column("cn-divisions/areas.csv", 1), isAddress)).toBeLessThan(0.01);
    const telephones = hospitals.map(({ tel }) => tel).filter((text) => /^\(?0[0-9]{2,3}[)-][0-9]{7,8}$/.test(text));
    expect(telephones.length).toBeGreaterThan(60);
    expect(share(telephones, (text) => isLandline(text) || isMobileNumber(text))).toBeGreaterThan(0.9);
  },
);

test.skipIf(data === undefined)(
  "no column of Adult and of German credit is taken for an identifier, and none is mixed",
  () => {
    const adult =
      "age workclass fnlwgt education education-num marital-status occupation relationship race sex capital-gain capital-loss hours-per-week native-country income";
    const german =
      "status duration history purpose amount savings employment rate personal debtors residence property age plans housing credits job liable telephone foreign class";
    for (const [file, names] of [
      ["adult/adult.data", adult],
      ["german-credit/german.data", german],
    ] as const) {
      const rows = read(file)
        .filter((line) => /^(?:[0-9]|A[0-9])/.test(line))
        .map((line) => line.trim().split(/[,\s]+/u));
      const columns = names.split(" ").map((name, i) => ({ name, values: rows.map((row) => row[i] ?? "") }));
      const findings = classifyColumns(
        columns.map(({ name, values }) => ({
          name,
          type: values.every((value) => /^[0-9]{1,9}$/.test(value)) ? "integer" : "text",
          values,
          filled: values.length,
          distinct: new Set(values).size,
        })),
      );
      expect(new Set(findings.map(({ kind }) => kind))).toEqual(new Set(["code", "number"]));
      expect(findings.filter(({ mixed, role }) => mixed || role === "direct")).toEqual([]);
      const roleOf = (name: string): ColumnFinding["role"] | undefined =>
        findings.find((finding) => finding.name === name)?.role;
      expect(roleOf("age")).toBe("quasi");
      expect(roleOf(file.startsWith("adult") ? "income" : "savings")).toBe("sensitive");
      const batch = Object.fromEntries(
        columns.map(({ name, values }) => [
          name,
          { type: "dict" as const, values: new Uint32Array(1), dictionary: [...new Set(values)] },
        ]),
      );
      expect(scanColumns({ rowCount: 1, columns: batch })).toEqual([]);
    }
  },
);

test.skipIf(data === undefined)(
  "columns of divisions are regions, and a hospital's column of addresses is one of addresses",
  () => {
    const regions = column("cn-divisions/areas.csv", 1);
    const codes = column("cn-divisions/areas.csv", 0);
    const addresses = readHospitals()
      .map(({ address }) => address)
      .filter((text) => text !== "");
    const kinds = [regions, codes, addresses].map((values) => {
      const counts = { filled: values.length, distinct: new Set(values).size };
      return classifyColumns([{ name: "c", type: "text", values, ...counts }])[0]?.kind;
    });
    expect(kinds).toEqual(["region", "region", "address"]);
  },
);

/** A place of the public list of hospitals. */
interface Hospital {
  readonly name: string;
  readonly address: string;
  readonly tel: string;
}

function readHospitals(): Hospital[] {
  const list = JSON.parse(read("cn-hospitals/hospitals.json").join("\n")) as {
    provinceList: { cityList: { hospitalList?: (Hospital | null)[] }[] }[];
  };
  return list.provinceList
    .flatMap(({ cityList }) => cityList.flatMap(({ hospitalList }) => hospitalList ?? []))
    .filter((hospital) => hospital !== null);
}

function column(file: string, index: number): string[] {
  return read(file)
    .slice(1)
    .filter((line) => line !== "")
    .map((line) => (line.split(",")[index] ?? "").replaceAll('"', ""));
}

function read(file: string, encoding = "utf-8"): string[] {
  return new TextDecoder(encoding).decode(readFileSync(join(data ?? "", file))).split(/\r?\n/u);
}

/** Share of the distinct values that `detect` takes. */
function share(values: readonly string[], detect: (text: string) => boolean): number {
  const distinct = [...new Set(values)];
  return distinct.filter(detect).length / distinct.length;
}
