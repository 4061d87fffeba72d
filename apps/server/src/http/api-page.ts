/** TODO */
export const apiPage = (_document: object): string => '<!doctype html>'
