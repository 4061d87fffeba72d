export const newRequestId = () => `req_${crypto.randomUUID().replaceAll('-', '')}`
