/** An organisation whose images hold coding CLIs: nobody else builds for it, and they are there the next time. */
export const ofClis = { PROCTOR_ORGANISATION: 'test-coding-clis' }
