/** The certificates of the program by their days left; kubeadm's own on the machines are Prometheus' to watch. */
import { counted } from "../config/counted";
import { daysUntil, expiryWarningDays } from "../pki/catalogue";
import type { StatusLine } from "./statusLine";

const part = "certificates";
const remedy = "docs/runbooks/certificates.md";

/** @param expiry End of validity of each certificate, RFC 3339. */
export function judgeCertificates(expiry: Readonly<Record<string, string>>, now: Date): StatusLine[] {
  const left = Object.entries(expiry)
    .map(([name, end]) => ({ name, days: daysUntil(end, now) }))
    .sort((a, b) => a.days - b.days);
  const [first] = left;
  if (first === undefined)
    return [{ part, level: "unknown", text: "the stack's outputs name none", remedy: "run `pulumi up`" }];
  const ending = left.filter(({ days }) => days < expiryWarningDays);
  if (ending.length === 0)
    return [
      {
        part,
        level: "ok",
        text: `${counted(left.length, "certificate")} of the stack; the first to end, ${first.name}, has ${counted(first.days, "day")} left`,
      },
    ];
  return ending.map(({ name, days }) =>
    days < 0
      ? { part, level: "bad", text: `${name} ended ${counted(-days, "day")} ago`, remedy }
      : { part, level: "warn", text: `${name} has ${counted(days, "day")} left`, remedy },
  );
}
