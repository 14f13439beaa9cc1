/**
 * Arguments as kubeadm v1beta4 wants them: a list of name and value, in the order of the names so that a document never
 * changes by accident.
 */
interface KubeadmArgument {
  readonly name: string;
  readonly value: string;
}

export function kubeadmArguments(values: Readonly<Record<string, string | number | boolean>>): KubeadmArgument[] {
  return Object.entries(values)
    .map(([name, value]) => ({ name, value: String(value) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}
