/** What readers of YAML take for different values. */

/**
 * Whether a plain scalar is one of those. Pulumi reads a stack file with Go's yaml.v3, which takes 010 for 8, 1_000 for
 * 1000 and 2001-01-01 for a time. Readers of YAML 1.1 take NO, y and on for truth values and 12:30:45 for a number
 * (cloud-init's PyYAML, Kubernetes' sigs.k8s.io/yaml in part). All of them take 1.10 for 1.1.
 */
export function isAmbiguous(source: string): boolean {
  if (/^(y|n|yes|no|on|off)$/i.test(source) || /^\d{4}-\d\d?-\d\d?([Tt\s]|$)/.test(source)) return true;
  if (/^[-+]?[1-9][\d_]*(:[0-5]?\d)+(\.\d*)?$/.test(source)) return true;
  const isNumber =
    /^[-+]?(0[xob][0-9a-f_]+|\d[\d_]*(\.[\d_]*)?(e[-+]?\d+)?|\.\d[\d_]*(e[-+]?\d+)?|\.inf)$/i.test(source) ||
    /^\.nan$/i.test(source);
  return isNumber && String(Number(source)) !== source;
}
