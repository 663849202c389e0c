import { External } from '../live/external'

export type Language = 'en' | 'nl' | 'zh-Hant'

/** Each language by its own name. */
export const LANGUAGES: Record<Language, string> = {
  en: 'English',
  nl: 'Nederlands',
  'zh-Hant': '繁體中文',
}

/** The language in use. */
export const language = new External<Language>('en')
