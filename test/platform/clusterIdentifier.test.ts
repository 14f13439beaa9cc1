import { clusterIdentifier } from "../../src/platform/clusterIdentifier";
import { validConfig } from "../config/fixtures";

describe("clusterIdentifier", () => {
  it("is the fingerprint of the CA, however its PEM is broken into lines", () => {
    const [ca] = validConfig("air-gapped").extraCas;
    const identifier = clusterIdentifier(ca!);
    expect(identifier).toMatch(/^[0-9a-f]{64}$/);
    expect(clusterIdentifier(`\n${ca!.trim()}\n\n`)).toBe(identifier);
  });
});
