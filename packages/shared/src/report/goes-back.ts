/** What to do where the run goes back by itself. Actions can be used without the workflow: then no job follows. */
export const waitForRollback =
  'nothing yet: the job Rollback of the run goes back now. Where there is none, go back as told below.'

/** The same, where nothing is told below. */
export const rollbackFollows =
  'The job Rollback of the run goes back now. Where there is none, start the workflow Rollback.'
