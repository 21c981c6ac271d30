export type Language = 'en' | 'zh'

export const firstLanguage = (): Language => (navigator.language.startsWith('zh') ? 'zh' : 'en')
