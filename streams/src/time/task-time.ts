/** Under what name the stream time of a whole task commits, beside those of its operators: no store can have it. */
export const taskTime = '*task'
