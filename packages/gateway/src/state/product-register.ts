/** Registered products, in memory over their table: every production call looks its product up here.
 *  @module */
import { Product, SignedRelease, SluiceError, type ProductForm, type Sha256Hex } from "@sluice/protocol";
import type { Kysely, Selectable, Transaction } from "kysely";
import type { ProductTable, Tables } from "./tables.ts";

/** What a registration needs beyond the release. */
export interface Registration {
  readonly release: SignedRelease;
  readonly releaseHash: Sha256Hex;
  readonly scene: string;
  /** Party that owns the product's name. */
  readonly developer: string;
}

/** Reads and adds products. */
export class ProductRegister {
  readonly #db: Kysely<Tables>;
  /** Versions by product. */
  readonly #products = new Map<string, Map<number, Product>>();

  private constructor(db: Kysely<Tables>) {
    this.#db = db;
  }

  /** The register over what is stored. */
  static async open(db: Kysely<Tables>): Promise<ProductRegister> {
    const register = new ProductRegister(db);
    for (const row of await db.selectFrom("product").selectAll().execute()) register.#remember(parse(row));
    return register;
  }

  /** Every version of every product, by name and version. */
  all(): Product[] {
    const all = [...this.#products.values()].flatMap((versions) => [...versions.values()]);
    return all.toSorted((a, b) => (a.product === b.product ? a.version - b.version : a.product < b.product ? -1 : 1));
  }

  /** One version. @throws ERR_NOT_FOUND */
  get(product: string, version: number): Product {
    const found = this.#products.get(product)?.get(version);
    if (found === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "product", name: `${product} ${version}` });
    return found;
  }

  /** The latest version that serves, or the latest one when none does. @throws ERR_NOT_FOUND */
  latest(product: string): Product {
    const versions = [...(this.#products.get(product)?.values() ?? [])].toSorted((a, b) => b.version - a.version);
    const found = versions.find((version) => version.status === "serving") ?? versions[0];
    if (found === undefined) throw new SluiceError("ERR_NOT_FOUND", { kind: "product", name: product });
    return found;
  }

  /** The signed release behind one version; null when it is not registered. */
  async release(product: string, version: number): Promise<SignedRelease | null> {
    const row = await this.#db
      .selectFrom("product")
      .select("signed_release")
      .where("product", "=", product)
      .where("version", "=", version)
      .executeTakeFirst();
    return row === undefined ? null : SignedRelease.parse(JSON.parse(row.signed_release));
  }

  /** Refuses a release that the register cannot hold. Returns the product when it is registered already.
   *  @throws ERR_CONFLICT when the version has another release, or the name is another developer's */
  async check({ release, releaseHash, developer }: Registration): Promise<Product | null> {
    const { product, version } = release.body;
    const versions = this.#products.get(product);
    const same = versions?.get(version);
    if (same !== undefined) {
      if (same.release === releaseHash) return same;
      throw new SluiceError("ERR_CONFLICT", { kind: "product", name: `${product} ${version}` });
    }
    if (versions !== undefined) {
      const row = await this.#db
        .selectFrom("product")
        .select(["developer", "domain"])
        .where("product", "=", product)
        .limit(1)
        .executeTakeFirst();
      if (row !== undefined && (row.developer !== developer || row.domain !== release.body.domain)) {
        throw new SluiceError("ERR_CONFLICT", { kind: "product", name: product });
      }
    }
    return null;
  }

  /** Registers a release as a product of `form` under a fresh registration code. @throws ERR_CONFLICT as `check` */
  async register(registration: Registration, form: ProductForm, at: Date): Promise<Product> {
    const known = await this.check(registration);
    if (known !== null) return known;
    const { release, releaseHash, scene, developer } = registration;
    const { product, version, domain, grant, bundle } = release.body;
    const row = await this.#db.transaction().execute(async (transaction) => {
      const fresh: Selectable<ProductTable> = {
        product,
        version,
        form,
        domain,
        scene,
        grant_hash: grant,
        bundle,
        release_hash: releaseHash,
        registration_code: await nextCode(transaction, at.getUTCFullYear()),
        status: "registered",
        developer,
        signed_release: JSON.stringify(release),
        registered_at: at.toISOString(),
      };
      await transaction.insertInto("product").values(fresh).execute();
      return fresh;
    });
    return this.#remember(parse(row));
  }

  /** Notes that a version answers calls. Does nothing for one that is not registered. */
  async markServing(product: string, version: number): Promise<void> {
    const known = this.#products.get(product)?.get(version);
    if (known === undefined || known.status === "serving") return;
    await this.#db
      .updateTable("product")
      .set({ status: "serving" })
      .where("product", "=", product)
      .where("version", "=", version)
      .execute();
    this.#remember({ ...known, status: "serving" });
  }

  #remember(product: Product): Product {
    const versions = this.#products.get(product.product) ?? new Map<number, Product>();
    versions.set(product.version, product);
    this.#products.set(product.product, versions);
    return product;
  }
}

/** SLP, year, running number of the year. */
async function nextCode(transaction: Transaction<Tables>, year: number): Promise<string> {
  const { numUpdatedRows } = await transaction
    .updateTable("registration_counter")
    .set((set) => ({ last_number: set("last_number", "+", 1) }))
    .where("year", "=", year)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) {
    await transaction.insertInto("registration_counter").values({ year, last_number: 1 }).execute();
  }
  const { last_number: number } = await transaction
    .selectFrom("registration_counter")
    .select("last_number")
    .where("year", "=", year)
    .executeTakeFirstOrThrow();
  return `SLP-${year}-${String(number).padStart(6, "0")}`;
}

function parse(row: Selectable<ProductTable>): Product {
  return {
    product: row.product,
    version: row.version,
    form: Product.shape.form.parse(row.form),
    domain: row.domain,
    scene: row.scene,
    grant: row.grant_hash,
    bundle: row.bundle,
    release: row.release_hash,
    registrationCode: row.registration_code,
    status: Product.shape.status.parse(row.status),
  };
}
