/** Kept equal to package.json by test; reading that file here would cost every start. */
export const version = '0.1.0'
