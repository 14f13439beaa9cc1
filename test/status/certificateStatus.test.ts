import { judgeCertificates } from "../../src/status/certificateStatus";

const now = new Date("2026-11-30T10:00:00Z");
const judge = (days: Readonly<Record<string, number>>) =>
  judgeCertificates(
    Object.fromEntries(
      Object.entries(days).map(([name, left]) => [name, new Date(now.getTime() + left * 86_400_000).toISOString()]),
    ),
    now,
  );
const remedy = "docs/runbooks/certificates.md";

describe("status of certificates", () => {
  it("names the first to end", () => {
    expect(judge({ "dev-cluster-ca": 3000, "dev-admin": 200 })).toEqual([
      {
        part: "certificates",
        level: "ok",
        text: "2 certificates of the stack; the first to end, dev-admin, has 200 days left",
      },
    ]);
  });

  it("warns of the last 60 days and is bad after the end, the nearest first", () => {
    expect(judge({ "dev-cluster-ca": 59, "dev-admin": -1, "dev-etcd-ca": 60 })).toEqual([
      { part: "certificates", level: "bad", text: "dev-admin ended 1 day ago", remedy },
      { part: "certificates", level: "warn", text: "dev-cluster-ca has 59 days left", remedy },
    ]);
  });

  it("is unknown where the outputs name none", () => {
    expect(judge({})).toEqual([
      { part: "certificates", level: "unknown", text: "the stack's outputs name none", remedy: "run `pulumi up`" },
    ]);
  });
});
