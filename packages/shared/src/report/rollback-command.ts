/** The command that rolls an environment back from a terminal, with nothing but a kubeconfig. */
export function rollbackCommand(
  {
    pipeline,
    environment,
    namespace,
  }: { readonly pipeline: string; readonly environment: string; readonly namespace: string },
  reason = '<why>',
  target = 'known-good',
): string {
  const flags = [
    ['--pipeline', pipeline],
    ['--environment', environment],
    ...(namespace === pipeline ? [] : [['--namespace', namespace]]),
    ...(target === 'known-good' ? [] : [['--target', target]]),
    ['--reason', reason],
  ]
  return `node rollback.mjs ${flags.map(([flag = '', value = '']) => `${flag} ${quotedForShell(value)}`).join(' ')}`
}

/** For a shell that the line is pasted into. */
export function quotedForShell(text: string): string {
  return /^[\w@%+=:,./-]+$/u.test(text) ? text : `'${text.replaceAll("'", `'\\''`)}'`
}
