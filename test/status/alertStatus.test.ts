import { type Alert, judgeAlerts } from "../../src/status/alertStatus";
import { watchdog } from "./standIn";

const now = new Date("2026-11-30T10:00:00Z");
const part = "alerts";
const alert = (alertname: string, severity: string, startsAt = "2026-11-30T07:00:00Z"): Alert => ({
  labels: { alertname, severity },
  annotations: { summary: `${alertname} it is`, runbook_url: `docs/${alertname}.md` },
  startsAt,
});

describe("status of alerts", () => {
  it("is one line where only Watchdog fires", () => {
    expect(judgeAlerts([watchdog], true, now)).toEqual([
      { part, level: "ok", text: "none fires but Watchdog, which always does" },
    ]);
  });

  it("is one line for each name, the gravest first, since the oldest", () => {
    const disk = [alert("Disk", "warning", "2026-11-30T09:30:00Z"), alert("Disk", "warning")];
    expect(judgeAlerts([alert("Hint", "info"), ...disk, alert("Down", "critical"), watchdog], true, now)).toEqual([
      { part, level: "bad", text: "Down (critical) for 3 h: Down it is", remedy: "docs/Down.md" },
      { part, level: "warn", text: "Disk (warning, 2-fold) for 3 h: Disk it is", remedy: "docs/Disk.md" },
      { part, level: "ok", text: "Hint (info) for 3 h: Hint it is", remedy: "docs/Hint.md" },
    ]);
  });

  it("warns where Watchdog is missing: Prometheus then tells nobody anything", () => {
    expect(judgeAlerts([], true, now)).toEqual([
      {
        part,
        level: "warn",
        text: "Watchdog does not fire, so Prometheus does not tell Alertmanager what is wrong",
        remedy: "docs/runbooks/alerts/Watchdog.md",
      },
    ]);
  });

  it("is absent without Flux, and bad where no Alertmanager is Ready", () => {
    expect(judgeAlerts(undefined, false, now)).toEqual([
      { part, level: "absent", text: "this stack has no Alertmanager" },
    ]);
    expect(judgeAlerts(undefined, true, now)).toEqual([
      {
        part,
        level: "bad",
        text: "no pod of Alertmanager is Ready, so no alert reaches anybody",
        remedy: "docs/runbooks/alerts/StatefulSetUnavailable.md",
      },
    ]);
  });
});
