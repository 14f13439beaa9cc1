import * as fc from "fast-check";
import { parse } from "yaml";
import { renderYaml } from "../../src/bootstrap/machineFile";
import { renderAdminKubeconfig } from "../../src/pki/kubeconfig";

const versions = ["1.1", "1.2"] as const;
/** Texts that YAML 1.1 and 1.2 take for different things when they stand without quotes. */
const hard = ["NO", "on", "y", "010", "1_000", "12:30:45", "0x1F", "0o17", "~", "=", "<<", "2001-01-01", "1.10", "1e3"];

describe("YAML for others", () => {
  it.each(hard)("keeps the text %j as value, item and key, whatever version its reader follows", (text) => {
    const document = { [text]: text, list: [text] };
    for (const version of versions) expect(parse(renderYaml(document), { version, merge: false })).toEqual(document);
  });

  it("keeps any text", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.constantFrom(...hard)), (text) => {
        const written = renderYaml({ text });
        expect(versions.map((version) => parse(written, { version }) as unknown)).toEqual([{ text }, { text }]);
      }),
    );
  });

  it("keeps the name of a cluster in its kubeconfig", () => {
    const input = { host: "api.example.org", port: 6443, clusterCaCertificatePem: "", clientCertificatePem: "" };
    const written = renderAdminKubeconfig({ ...input, clientKeyPem: "", clusterName: "on" });
    for (const version of versions) expect(parse(written, { version })).toMatchObject({ clusters: [{ name: "on" }] });
  });
});
