/*
 * The scanner of kernel C: it takes the decisions that need more than one token of look-ahead, so that the parser
 * proper need not try both ways. It looks at characters only, never at a list of macro names:
 *   - conditional directives: is this #if ... #endif made of whole items (then it becomes upstream's preproc_if), or
 *     does it cut through a construct (then its lines are extras, its first live arm is parsed, the others are opaque)?
 *   - words in front of "(...)": loop, function-defining macro, top-level macro call, or a plain call?
 *   - words among declaration specifiers and after declarators: annotation, storage-class macro, type or name?
 *   - a "*" in front of "," or ")" in an argument: a pointer type?
 * State: how many cut conditionals are open, and for each whether its live arm has begun. Every look-ahead has a cap.
 */
#include "tree_sitter/parser.h"

enum Token {
  PP_IF,
  PP_IFDEF,
  PP_IFNDEF,
  PP_DEFINE,
  PP_INCLUDE,
  PP_DIRECTIVE,
  PARAMS_OPEN,
  PREPROC_ARG,
  NEWLINE,
  SPLIT_DIRECTIVE,
  SPLIT_CONDITION,
  SPLIT_ARM,
  SPLIT_LINE,
  LOOP_NAME,
  MACRO_FUNCTION_NAME,
  MACRO_ITEM_NAME,
  MACRO_ITEM_NAME_MODIFIED,
  MACRO_EXPANSION_NAME,
  MACRO_FIELD_NAME,
  ANNOTATION_BEFORE,
  STORAGE_BEFORE,
  ANNOTATION_AFTER,
  STORAGE_AFTER,
  ANNOTATION_TAIL,
  ANNOTATION_BODY,
  ANNOTATION_TAG,
  ANNOTATION_CAST,
  ANNOTATION_CAST_AFTER,
  ANNOTATION_BARE,
  STORAGE_TAIL,
  FIELD_GROUP_NAME,
  ENUMERATOR_MACRO_NAME,
  TRACE_FIELD_NAME,
  STATEMENTS_NAME,
  LIST_OPEN,
  DO_LOOP_NAME,
  MACRO_TYPE_NAME,
  MACRO_TYPE_LIST_NAME,
  TYPE_STAR,
  TYPE_WORD,
  ERROR_SENTINEL,
};

enum { MAX_DEPTH = 32, MAX_WORD = 48, MAX_PARENTHESES = 16384, MAX_CONDITIONAL = 262144, MAX_NESTED = 32, MAX_BRACKETS = 64 };

typedef struct {
  uint8_t depth;   /* open cut conditionals */
  uint8_t pending; /* the rest of a directive's line is still to come: 1 after #if 0, 2 after any other */
  uint32_t live;   /* bit n: the live arm of the conditional at depth n+1 has begun */
} State;

static State the_state;

typedef struct {
  char text[MAX_WORD];
  unsigned length;
} Word;

static inline bool is_blank(int32_t c) { return c == ' ' || c == '\t' || c == '\f' || c == '\v'; }
static inline bool is_start(int32_t c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || c == '$';
}
static inline bool is_word(int32_t c) { return is_start(c) || (c >= '0' && c <= '9'); }
static inline void step(TSLexer *l) { l->advance(l, false); }

static bool equal(const Word *w, const char *s) {
  unsigned i = 0;
  while (s[i] && i < w->length && i < MAX_WORD && w->text[i] == s[i]) i++;
  return !s[i] && i == w->length;
}

static void read_word(TSLexer *l, Word *w) {
  w->length = 0;
  while (is_word(l->lookahead)) {
    if (w->length < MAX_WORD) w->text[w->length] = (char)l->lookahead;
    w->length++;
    step(l);
  }
}

static bool one_of(const Word *w, const char *const *list) {
  for (; *list; list++)
    if ((*list)[0] == w->text[0] && equal(w, *list)) return true;
  return false;
}

static const char *const KEYWORDS[] = {
  "if", "else", "for", "while", "do", "switch", "case", "default", "return", "goto", "break", "continue", "sizeof",
  "asm", "struct", "union", "enum", "typedef", "extern", "static", "const", "volatile", "inline", "register", "auto",
  "typeof", "void", "int", "char", "short", "long", "unsigned", "signed", "bool", "float", "double", "size_t",
  "ssize_t", "offsetof", "restrict", "alignof", "true", "false", "NULL", "_Generic", "_Atomic", "_Noreturn",
  "_Alignas", "_Alignof", "_Static_assert", "noreturn", "alignas", "constexpr", "thread_local", "nullptr", "defined",
  0,
};
/* Keywords that show that what stands before them among specifiers is no type. */
static const char *const TYPE_WORDS[] = {
  "struct", "union", "enum", "typedef", "extern", "static", "inline", "register", "void", "int", "char", "short",
  "long", "unsigned", "signed", "bool", "float", "double", "size_t", "ssize_t", "typeof", "__typeof__", "__inline",
  "__inline__", "_Bool", "__signed__", "int8_t", "int16_t", "int32_t", "int64_t", "uint8_t", "uint16_t", "uint32_t",
  "uint64_t", "uintptr_t", "intptr_t", "ptrdiff_t", 0,
};
static const char *const QUALIFIERS[] = { "const", "volatile", "restrict", "__restrict", "__restrict__", 0 };
/* Words with two underscores that the C grammar itself knows. */
static const char *const RESERVED[] = {
  "__attribute__", "__attribute", "__extension__", "__asm__", "__asm", "__volatile__", "__restrict", "__restrict__",
  "__inline", "__inline__", "__alignof__", "__alignof", "__declspec", "__based", "__cdecl", "__clrcall", "__stdcall",
  "__fastcall", "__thiscall", "__vectorcall", "__forceinline", "__thread", "__unaligned", "__try", "__except",
  "__finally", "__leave", "__typeof__", "__typeof", "__auto_type", "__uptr", "__sptr", "__func__", 0,
};

static bool dunder(const Word *w) { return w->length > 2 && w->text[0] == '_' && w->text[1] == '_'; }

/* A word with two underscores that has the shape of a type: __le32, __kernel_size_t, __wsum. */
static bool type_like(const Word *w) {
  unsigned n = w->length < MAX_WORD ? w->length : MAX_WORD;
  char a = w->text[n - 1], b = w->text[n - 2];
  if (a >= '0' && a <= '9') return true;
  if (a == 't' && b == '_') return true;
  return equal(w, "__wsum") || equal(w, "__gnuc_va_list");
}

static bool annotation_like(const Word *w) { return dunder(w) && !type_like(w) && !one_of(w, RESERVED); }

static bool contains(const Word *w, const char *s) {
  unsigned n = w->length < MAX_WORD ? w->length : MAX_WORD;
  for (unsigned i = 0; i < n; i++) {
    unsigned j = 0;
    while (s[j] && i + j < n && (w->text[i + j] | 0x20) == s[j]) j++;
    if (!s[j]) return true;
  }
  return false;
}

/* Lower-cased comparison folds '_' (0x5f) to 0x7f, hence the DEL characters. */
static bool loop_like(const Word *w) {
  if (w->length > 5 && w->text[0] == 'f' && w->text[1] == 'o' && w->text[2] == 'r' && w->text[3] == '_') return true;
  if (w->length > 5 && w->text[0] == 'w' && w->text[1] == 'i' && w->text[2] == 't' && w->text[3] == 'h' &&
      w->text[4] == '_')
    return true;
  return contains(w, "for\x7f" "each") || contains(w, "foreach") || contains(w, "each\x7f" "entry") ||
         (w->length > 7 && contains(w, "scoped\x7f") && w->text[0] == 's');
}

/* Skips blanks, line ends and comments in look-ahead. Returns 0: on the same line, 1: past a line end. */
typedef struct {
  bool newline;    /* a line end was crossed */
  unsigned column; /* columns since the last line end */
  bool slash;      /* stopped behind a lone '/' */
} Gap;

static Gap skip_gap(TSLexer *l) {
  Gap g = {false, 0, false};
  for (;;) {
    int32_t c = l->lookahead;
    if (c == '\n') {
      g.newline = true;
      g.column = 0;
      step(l);
    } else if (c == '\t') {
      g.column++;
      step(l);
    } else if (is_blank(c) || c == '\r') {
      g.column++;
      step(l);
    } else if (c == '\\') {
      step(l);
      if (l->lookahead == '\r') step(l);
      if (l->lookahead != '\n') return g;
      step(l);
    } else if (c == '/') {
      step(l);
      if (l->lookahead == '/') {
        while (l->lookahead != '\n' && !l->eof(l)) step(l);
      } else if (l->lookahead == '*') {
        step(l);
        int32_t previous = 0;
        while (!l->eof(l) && !(previous == '*' && l->lookahead == '/')) {
          previous = l->lookahead;
          if (previous == '\n') g.newline = true, g.column = 0;
          step(l);
        }
        step(l);
      } else {
        g.slash = true;
        return g;
      }
    } else {
      return g;
    }
  }
}

static void skip_quoted(TSLexer *l, int32_t quote) {
  step(l);
  while (!l->eof(l) && l->lookahead != quote && l->lookahead != '\n') {
    if (l->lookahead == '\\') step(l);
    step(l);
  }
  if (l->lookahead == quote) step(l);
}

/* Skips the rest of a logical line, up to its line end. Comments that span lines count as part of it. */
static void skip_line(TSLexer *l) {
  while (!l->eof(l) && l->lookahead != '\n') {
    if (l->lookahead == '\\') {
      step(l);
      if (l->lookahead == '\r') step(l);
      if (l->lookahead) step(l);
    } else if (l->lookahead == '"' || l->lookahead == '\'') {
      skip_quoted(l, l->lookahead);
    } else if (l->lookahead == '/') {
      step(l);
      if (l->lookahead == '*') {
        step(l);
        int32_t previous = 0;
        while (!l->eof(l) && !(previous == '*' && l->lookahead == '/')) {
          previous = l->lookahead;
          step(l);
        }
        step(l);
      } else if (l->lookahead == '/') {
        while (!l->eof(l) && l->lookahead != '\n') step(l);
      }
    } else {
      step(l);
    }
  }
}

typedef struct {
  bool closed;  /* found the closing parenthesis within the cap */
  bool expression; /* operators or literals stand inside: no type */
  bool star;       /* begins with a star: a declarator, no arguments */
  bool statements; /* a semicolon stands between its arguments */
  bool comma;   /* more than one argument */
  bool several; /* more than one word stands inside */
  bool complex; /* what stands inside is no list of expressions: types, declarations, statements */
} Parentheses;

/* At "(": skips to behind its ")". */
static Parentheses skip_parentheses(TSLexer *l) {
  Parentheses p = {false, false, false, false, false, false, false};
  unsigned depth = 0, n = 0;
  bool after_word = false, start = false;
  while (!l->eof(l) && n++ < MAX_PARENTHESES) {
    Gap g = skip_gap(l);
    int32_t c = l->lookahead;
    if (!is_start(c) && c != '(' && c != ')') p.several = true;
    if (!is_start(c) && c != '(' && c != ')' && c != '*') p.expression = true;
    if (is_start(c)) {
      Word w;
      read_word(l, &w);
      n += w.length;
      if (after_word || (depth == 1 && start && (one_of(&w, TYPE_WORDS) || equal(&w, "const")))) p.complex = true;
      after_word = !one_of(&w, KEYWORDS);
      start = false;
      continue;
    }
    after_word = false;
    if (c == '#' && g.newline) {
      skip_line(l);
      continue;
    }
    if (c == '"' || c == '\'') {
      skip_quoted(l, c);
      start = false;
      continue;
    }
    if ((c == '(' || c == '[' || c == '{') && ++depth > MAX_BRACKETS) return p;
    if (c == ';' && depth == 1) p.complex = p.statements = true;
    if (c == ',' && depth == 1) p.comma = true;
    bool was_start = start;
    if (was_start && c == '*' && !p.comma) p.star = true;
    start = (c == '(' || c == ',') && depth == 1;
    if (was_start && (c == ',' )) p.complex = true;
    if (c == ')' || c == ']' || c == '}') {
      depth--;
      if (depth == 0) {
        step(l);
        p.closed = c == ')';
        return p;
      }
    }
    if (l->eof(l)) return p;
    if (is_word(c)) {
      while (is_word(l->lookahead)) step(l);
    } else {
      step(l);
    }
  }
  return p;
}

static bool emit(TSLexer *l, enum Token token) {
  l->result_symbol = token;
  return true;
}

/* ------------------------------------------------------------------------------------------------- directives */

enum Kind { K_NONE, K_DEFINE, K_INCLUDE, K_IF, K_IFDEF, K_IFNDEF, K_ELSE, K_ELIF, K_ENDIF };

/* At '#': reads the directive's word. */
static enum Kind read_directive(TSLexer *l) {
  step(l);
  while (is_blank(l->lookahead)) step(l);
  Word w;
  read_word(l, &w);
  if (equal(&w, "if")) return K_IF;
  if (equal(&w, "ifdef")) return K_IFDEF;
  if (equal(&w, "ifndef")) return K_IFNDEF;
  if (equal(&w, "else")) return K_ELSE;
  if (equal(&w, "elif") || equal(&w, "elifdef") || equal(&w, "elifndef")) return K_ELIF;
  if (equal(&w, "endif")) return K_ENDIF;
  if (equal(&w, "define")) return K_DEFINE;
  if (equal(&w, "include")) return K_INCLUDE;
  return K_NONE;
}

/* Is the condition of this #if a plain 0? Stops in the line. */
static bool reads_zero(TSLexer *l) {
  while (is_blank(l->lookahead)) step(l);
  if (l->lookahead != '0') return false;
  step(l);
  while (is_blank(l->lookahead) || l->lookahead == '\r') step(l);
  return l->lookahead == '\n' || l->lookahead == '/';
}

typedef struct {
  int depth;       /* brackets open */
  int32_t last;    /* last character that counts */
  bool first_else; /* the arm begins with else */
  bool any;        /* the arm has any token */
  bool is_case;    /* the last statement began with case or default */
} Arm;

static const Arm NEW_ARM = {0, 0, false, false, false};

/*
 * Behind the word of an opening directive: is every arm up to its #endif made of whole items? In nested conditionals
 * only the live arm counts, as it does when they are parsed as cut ones.
 */
static bool whole_arms(TSLexer *l) {
  struct {
    Arm before, taken;
    bool has_taken;
  } nested[MAX_NESTED];
  unsigned level = 0, n = 0;
  Arm arm = NEW_ARM;
  bool good = true, line_start = false, statement_start = true;
  skip_line(l);
  while (!l->eof(l)) {
    if (n++ > MAX_CONDITIONAL) return true;
    Gap g = skip_gap(l);
    if (g.newline) line_start = true;
    if (g.slash) {
      arm.last = '/';
      continue;
    }
    int32_t c = l->lookahead;
    if (c == '#' && line_start) {
      enum Kind kind = read_directive(l);
      if (kind == K_IF || kind == K_IFDEF || kind == K_IFNDEF) {
        if (level == MAX_NESTED) return true;
        nested[level].before = arm;
        nested[level].has_taken = false;
        if (kind == K_IF && reads_zero(l)) nested[level].before.is_case = arm.is_case;
        else nested[level].has_taken = false;
        level++;
      } else if (kind == K_ELSE || kind == K_ELIF) {
        if (level > 0) {
          if (!nested[level - 1].has_taken) nested[level - 1].taken = arm, nested[level - 1].has_taken = true;
          arm = nested[level - 1].before;
        } else {
          if (arm.depth != 0 || arm.first_else ||
              !(!arm.any || arm.last == ';' || arm.last == '}' || (arm.last == ':' && arm.is_case)))
            good = false;
          arm = NEW_ARM;
          statement_start = true;
        }
      } else if (kind == K_ENDIF) {
        if (level > 0) {
          level--;
          if (nested[level].has_taken) arm = nested[level].taken;
        } else {
          if (arm.depth != 0 || arm.first_else ||
              !(!arm.any || arm.last == ';' || arm.last == '}' || (arm.last == ':' && arm.is_case)))
            good = false;
          if (!good) return false;
          skip_line(l);
          skip_gap(l);
          if (l->lookahead == 'e') {
            Word w;
            read_word(l, &w);
            if (equal(&w, "else")) return false;
          }
          return true;
        }
      }
      skip_line(l);
      continue;
    }
    line_start = false;
    if (is_start(c)) {
      Word w;
      read_word(l, &w);
      if (!arm.any && equal(&w, "else")) arm.first_else = true;
      if (statement_start) arm.is_case = equal(&w, "case") || equal(&w, "default");
      statement_start = false;
      arm.last = 'a';
      arm.any = true;
      continue;
    }
    if (c == '"' || c == '\'') {
      skip_quoted(l, c);
      arm.last = '"';
      arm.any = true;
      continue;
    }
    if (l->eof(l)) return true;
    if (c == '(' || c == '[' || c == '{') arm.depth++;
    if (c == ')' || c == ']' || c == '}') {
      arm.depth--;
      if (arm.depth < 0 && level == 0) good = false;
    }
    if (c == ';' || c == '{' || c == '}' || c == ':') statement_start = true;
    arm.last = c;
    arm.any = true;
    step(l);
  }
  return true; /* no #endif: leave the error to the parser */
}

/* Consumes text up to the directive that ends the present arm: any of its #else, #elif, #endif, or its #endif only. */
static void skip_arm(TSLexer *l, bool to_endif) {
  unsigned level = 0;
  bool line_start = false;
  for (;;) {
    l->mark_end(l);
    Gap g = skip_gap(l);
    if (g.newline) line_start = true;
    if (g.slash) continue;
    if (l->eof(l)) {
      l->mark_end(l);
      return;
    }
    int32_t c = l->lookahead;
    if (c == '#' && line_start) {
      l->mark_end(l);
      enum Kind kind = read_directive(l);
      if (kind == K_IF || kind == K_IFDEF || kind == K_IFNDEF) level++;
      else if (kind == K_ENDIF) {
        if (level == 0) return;
        level--;
      } else if ((kind == K_ELSE || kind == K_ELIF) && level == 0 && !to_endif) {
        return;
      }
      skip_line(l);
      continue;
    }
    line_start = false;
    if (c == '"' || c == '\'') skip_quoted(l, c);
    else step(l);
  }
}

/* Behind #else, #elif or #endif: the token takes the rest of the line, but for comments. */
static void mark_line_rest(TSLexer *l) {
  while (is_blank(l->lookahead)) step(l);
  if (l->lookahead == '\n' || l->lookahead == '\r' || l->lookahead == '/' || l->eof(l)) return;
  skip_line(l);
  l->mark_end(l);
}

static bool scan_directive(State *s, TSLexer *l, const bool *valid) {
  if (!valid[SPLIT_DIRECTIVE]) return false;
  enum Kind kind = read_directive(l);
  if (kind == K_NONE || kind == K_DEFINE || kind == K_INCLUDE) {
    enum Token token = kind == K_DEFINE ? PP_DEFINE : kind == K_INCLUDE ? PP_INCLUDE : PP_DIRECTIVE;
    if (!valid[token]) skip_line(l);
    l->mark_end(l);
    return emit(l, valid[token] ? token : SPLIT_LINE);
  }
  bool opening = kind == K_IF || kind == K_IFDEF || kind == K_IFNDEF;
  if (s->depth == 0 && !opening) return false;
  l->mark_end(l);
  if (opening) {
    enum Token token = kind == K_IF ? PP_IF : kind == K_IFDEF ? PP_IFDEF : PP_IFNDEF;
    if (s->depth == 0 && valid[token] && whole_arms(l)) {
      l->result_symbol = token;
      return true;
    }
    if (s->depth == MAX_DEPTH) return false;
    s->live &= ~(1u << s->depth);
    s->depth++;
    s->pending = kind == K_IF ? 1 : 2;
    l->result_symbol = SPLIT_DIRECTIVE;
    return true;
  }
  uint32_t bit = 1u << (s->depth - 1);
  if (kind == K_ENDIF) {
    s->depth--;
    mark_line_rest(l);
    l->result_symbol = SPLIT_DIRECTIVE;
    return true;
  }
  if (s->live & bit) {
    skip_line(l);
    skip_arm(l, true);
    l->result_symbol = SPLIT_ARM;
    return true;
  }
  s->live |= bit;
  mark_line_rest(l);
  l->result_symbol = SPLIT_DIRECTIVE;
  return true;
}

/* The rest of a cut directive's line; for "#if 0" with the dead arm behind it. */
static bool scan_condition(State *s, TSLexer *l) {
  uint8_t pending = s->pending;
  s->pending = 0;
  while (is_blank(l->lookahead)) l->advance(l, true);
  uint32_t bit = 1u << (s->depth - 1);
  if (pending == 1 && reads_zero(l)) {
    skip_line(l);
    skip_arm(l, false);
    l->result_symbol = SPLIT_ARM;
    return true;
  }
  skip_line(l);
  l->mark_end(l);
  s->live |= bit;
  l->result_symbol = SPLIT_CONDITION;
  return true;
}

/* ------------------------------------------------------------------------------------------------------ words */

/* What follows a word among specifiers. */
typedef struct {
  unsigned real;   /* those without two underscores in front */
  unsigned plain;  /* words that may be type or name */
  bool type_word;  /* a keyword that only a type or storage class begins */
  int32_t end;     /* the character that ends the row of words */
} Row;

/* At the first word behind the one in question. */
static Row read_row(TSLexer *l) {
  Row row = {0, 0, false, 0};
  for (unsigned n = 0; n < 16; n++) {
    if (!is_start(l->lookahead)) break;
    Word w;
    read_word(l, &w);
    if (one_of(&w, TYPE_WORDS)) {
      row.type_word = true;
      return row;
    }
    if (one_of(&w, QUALIFIERS)) {
      skip_gap(l);
      continue;
    }
    bool annotation = dunder(&w) && !type_like(&w);
    skip_gap(l);
    if (annotation) {
      if (l->lookahead == '(') {
        skip_parentheses(l);
        skip_gap(l);
        if (!is_start(l->lookahead) && l->lookahead != '*') {
          row.plain++;
          row.end = '(';
          return row;
        }
      } else if (!is_start(l->lookahead) && l->lookahead != '*') {
        row.plain++;
      }
    } else {
      row.plain++;
      row.real++;
    }
  }
  row.end = l->lookahead;
  return row;
}

/* A word that has the shape of a type's name: loff_t, u64. */
static bool type_shaped(const Word *w) {
  unsigned n = w->length < MAX_WORD ? w->length : MAX_WORD;
  if (n > 2 && w->text[n - 1] == 't' && w->text[n - 2] == '_') return true;
  return equal(w, "u8") || equal(w, "u16") || equal(w, "u32") || equal(w, "u64") || equal(w, "s8") ||
         equal(w, "s16") || equal(w, "s32") || equal(w, "s64") || (dunder(w) && type_like(w));
}

static bool starts(const Word *w, const char *s) {
  unsigned i = 0;
  while (s[i] && i < w->length && i < MAX_WORD && w->text[i] == s[i]) i++;
  return !s[i];
}

static bool all_upper(const Word *w) {
  unsigned n = w->length < MAX_WORD ? w->length : MAX_WORD;
  for (unsigned i = 0; i < n; i++)
    if (w->text[i] >= 'a' && w->text[i] <= 'z') return false;
  return n > 1;
}

/*
 * Outside functions, at the word behind "name(...)": an annotation with arguments in front of a declaration, a macro's
 * expansion in front of the next item, or a type made by a macro?
 */
static bool scan_behind_arguments(TSLexer *l, const bool *valid, bool annotation, Parentheses p, Gap g) {
  bool behind = valid[ANNOTATION_AFTER] && !valid[ANNOTATION_BEFORE];
  bool only_annotations = true, first = true, call = false;
  bool first_annotation = false, type_word = false;
  int32_t end = 0;
  for (unsigned n = 0; n < 12 && is_start(l->lookahead); n++) {
    Word next;
    read_word(l, &next);
    bool like = annotation_like(&next);
    if (first) first_annotation = like;
    if (one_of(&next, TYPE_WORDS)) type_word = true;
    if (!like) only_annotations = false;
    skip_gap(l);
    if (l->lookahead == '(') {
      Parentheses inner = skip_parentheses(l);
      Gap behind_inner = skip_gap(l);
      if (first) call = !inner.complex && l->lookahead != '{' && (l->lookahead != ';' || behind_inner.newline);
    }
    first = false;
    if (!only_annotations) break;
  }
  end = l->lookahead;
  if (annotation && !p.complex && !only_annotations && !(call && g.newline && !type_word)) {
    if (behind) return emit(l, ANNOTATION_AFTER);
    if (valid[ANNOTATION_BEFORE]) return emit(l, ANNOTATION_BEFORE);
    if (valid[ANNOTATION_CAST]) return emit(l, ANNOTATION_CAST);
    return false;
  }
  if (first_annotation && only_annotations) {
    if (valid[MACRO_ITEM_NAME]) return emit(l, MACRO_ITEM_NAME);
    if (valid[MACRO_FIELD_NAME]) return emit(l, MACRO_FIELD_NAME);
    if (valid[MACRO_ITEM_NAME_MODIFIED]) return emit(l, MACRO_ITEM_NAME_MODIFIED);
    return false;
  }
  if (g.newline || call) {
    if (valid[MACRO_ITEM_NAME]) return emit(l, MACRO_ITEM_NAME);
    if (valid[MACRO_FIELD_NAME]) return emit(l, MACRO_FIELD_NAME);
    if (valid[MACRO_EXPANSION_NAME]) return emit(l, MACRO_EXPANSION_NAME);
    return false;
  }
  if (valid[MACRO_TYPE_NAME] && !type_word)
    return emit(l, p.comma || p.expression ? MACRO_TYPE_LIST_NAME : MACRO_TYPE_NAME);
  (void)end;
  return false;
}

static bool scan_word(TSLexer *l, const bool *valid) {
  Word w;
  read_word(l, &w);
  l->mark_end(l);
  /* identifiers with characters beyond ASCII are none of ours */
  if (l->lookahead > 127 || l->lookahead == '\\') return false;
  bool is_dunder = dunder(&w);
  if (is_dunder ? one_of(&w, RESERVED) : one_of(&w, KEYWORDS)) return false;
  bool annotation = is_dunder && !type_like(&w);

  if (valid[ANNOTATION_TAIL] && annotation) return emit(l, ANNOTATION_TAIL);

  if (valid[TYPE_WORD] && type_shaped(&w)) {
    for (;;) {
      skip_gap(l);
      if (l->lookahead == '*') {
        step(l);
      } else if (is_start(l->lookahead)) {
        Word next;
        read_word(l, &next);
        if (!one_of(&next, QUALIFIERS) && !annotation_like(&next)) return emit(l, TYPE_WORD);
      } else {
        return false;
      }
    }
  }
  bool upper = w.text[0] >= 'A' && w.text[0] <= 'Z';
  bool statement = valid[LOOP_NAME];
  bool modified = valid[MACRO_ITEM_NAME_MODIFIED] && !valid[MACRO_ITEM_NAME] && !statement;
  bool calls = statement || valid[MACRO_ITEM_NAME_MODIFIED] || valid[MACRO_EXPANSION_NAME] ||
               valid[MACRO_TYPE_NAME] || valid[MACRO_FUNCTION_NAME] || valid[MACRO_ITEM_NAME] ||
               valid[MACRO_FIELD_NAME] || valid[ENUMERATOR_MACRO_NAME] || (valid[STATEMENTS_NAME] && upper) ||
               (valid[TRACE_FIELD_NAME] && is_dunder) || valid[DO_LOOP_NAME];
  bool before = valid[ANNOTATION_BEFORE] || valid[ANNOTATION_CAST] || valid[STORAGE_BEFORE];
  bool behind = valid[ANNOTATION_AFTER] || valid[STORAGE_AFTER];
  bool loop = statement && loop_like(&w);
  unsigned start_column = loop ? l->get_column(l) - w.length : 0;

  Gap gap = skip_gap(l);
  if (gap.slash) return false;
  int32_t c = l->lookahead;

  if (annotation && valid[ANNOTATION_BODY] && c != '=' && c != '[' && c != ',') return emit(l, ANNOTATION_BODY);
  if (annotation && valid[ANNOTATION_TAG]) {
    if (c == '(') {
      skip_parentheses(l);
      skip_gap(l);
      c = l->lookahead;
    }
    if (!is_start(c)) return false;
    Row row = read_row(l);
    return row.plain >= 2 || (row.plain == 1 && (row.end == '{' || row.end == '*')) ? emit(l, ANNOTATION_TAG) : false;
  }
  if (valid[STORAGE_TAIL] && upper && all_upper(&w) && (c == ';' || c == '=' || c == '{'))
    return emit(l, STORAGE_TAIL);

  if (c == '(') {
    if (!calls && !(annotation && (before || behind))) return false;
    if (valid[DO_LOOP_NAME]) return loop_like(&w) || starts(&w, "while_") ? emit(l, DO_LOOP_NAME) : false;
    Parentheses p = skip_parentheses(l);
    if (p.star && annotation && valid[ANNOTATION_BARE]) return emit(l, ANNOTATION_BARE);
    if (!p.closed) return false;
    if (valid[ENUMERATOR_MACRO_NAME]) return emit(l, ENUMERATOR_MACRO_NAME);
    Gap g = skip_gap(l);
    if (g.slash) return false;
    c = l->lookahead;
    if (statement) {
      if (c == '{' && (loop || !g.newline)) return emit(l, LOOP_NAME);
      if (loop && (is_start(c) || c == '*' || c == '(') && (!g.newline || l->get_column(l) > start_column))
        return emit(l, LOOP_NAME);
    }
    if (valid[STATEMENTS_NAME] && p.statements && (statement || upper)) return emit(l, STATEMENTS_NAME);
    if (valid[TRACE_FIELD_NAME] && is_dunder && is_start(c)) {
      Word next;
      read_word(l, &next);
      skip_gap(l);
      return l->lookahead == '(' && dunder(&next) ? emit(l, TRACE_FIELD_NAME) : false;
    }
    if (valid[MACRO_FUNCTION_NAME] && c == '{') return emit(l, MACRO_FUNCTION_NAME);
    if (c == '#' && g.newline && valid[MACRO_EXPANSION_NAME]) {
      Word next;
      step(l);
      while (is_blank(l->lookahead)) step(l);
      read_word(l, &next);
      if (equal(&next, "undef")) return emit(l, MACRO_EXPANSION_NAME);
      return valid[MACRO_ITEM_NAME] ? emit(l, MACRO_ITEM_NAME) : false;
    }
    if (statement) {
      if (c == '=') {
        step(l);
        skip_gap(l);
        return l->lookahead == '{' && valid[MACRO_ITEM_NAME_MODIFIED] ? emit(l, MACRO_ITEM_NAME_MODIFIED) : false;
      }
      if (!is_start(c) || g.newline || !valid[MACRO_TYPE_NAME]) return false;
      Word next;
      read_word(l, &next);
      skip_gap(l);
      c = l->lookahead;
      if (one_of(&next, KEYWORDS) || !(c == ';' || c == '=' || c == '[' || c == ',')) return false;
      return emit(l, p.comma || p.expression ? MACRO_TYPE_LIST_NAME : MACRO_TYPE_NAME);
    }
    if (valid[MACRO_TYPE_NAME] && !g.newline && !p.comma && !p.expression && c == '*') {
      /* FOO(x) *y: a type, unless an expression may stand here */
      if (!valid[STATEMENTS_NAME]) return emit(l, MACRO_TYPE_NAME);
      while (l->lookahead == '*' || is_blank(l->lookahead)) step(l);
      return l->lookahead == ')' ? emit(l, MACRO_TYPE_NAME) : false;
    }
    if (valid[MACRO_TYPE_NAME] && !valid[STATEMENTS_NAME] && (c == ')' || c == ',') && !p.comma && !p.expression)
      return emit(l, MACRO_TYPE_NAME);
    if (is_start(c)) return scan_behind_arguments(l, valid, annotation, p, g);
    if (annotation && c == '*' && behind) return emit(l, ANNOTATION_AFTER);
    if (modified) return c == '=' || (c == ';' && (p.complex || p.several)) ? emit(l, MACRO_ITEM_NAME_MODIFIED) : false;
    if (valid[MACRO_ITEM_NAME]) {
      bool item = (c == ';' && p.complex) || c == '=' || l->eof(l) || (g.newline && c == '#');
      return item ? emit(l, MACRO_ITEM_NAME) : false;
    }
    if (valid[MACRO_FIELD_NAME]) {
      if (c == ';' || (g.newline && (c == '#' || c == '}')))
        return emit(l, p.statements && valid[FIELD_GROUP_NAME] ? FIELD_GROUP_NAME : MACRO_FIELD_NAME);
    }
    return false;
  }

  if (!before && !behind) return false;

  if (is_start(c)) {
    bool near = !gap.newline || gap.column == 0;
    if (valid[ANNOTATION_BEFORE] || valid[STORAGE_BEFORE]) {
      if (!annotation && (statement || !valid[STORAGE_BEFORE] || type_like(&w))) return false;
      Row row = read_row(l);
      bool is = row.type_word || (row.end == '*' ? row.plain >= 1 : row.plain >= 2);
      if (!is) return false;
      if (statement && gap.newline) return false;
      if (annotation) return valid[ANNOTATION_BEFORE] ? emit(l, ANNOTATION_BEFORE) : false;
      return emit(l, STORAGE_BEFORE);
    }
    if (valid[ANNOTATION_CAST] && annotation) {
      Row row = read_row(l);
      return row.type_word || row.plain >= 1 ? emit(l, ANNOTATION_CAST) : false;
    }
    if (behind && near) {
      if (annotation) return valid[ANNOTATION_AFTER] ? emit(l, ANNOTATION_AFTER) : false;
      if (!valid[STORAGE_AFTER] || type_like(&w)) return false;
      Row row = read_row(l);
      return row.real >= 1 ? emit(l, STORAGE_AFTER) : false;
    }
    return false;
  }
  if (annotation && valid[ANNOTATION_CAST_AFTER] && (c == ')' || c == ',')) return emit(l, ANNOTATION_CAST_AFTER);
  if (behind && c == '*') {
    if (annotation) return emit(l, ANNOTATION_AFTER);
    if (valid[STORAGE_AFTER] && !gap.newline) return emit(l, STORAGE_AFTER);
  }
  return false;
}

/* At "{" in an argument: a list of values, or a block? Decided by its separators. */
static bool scan_list(TSLexer *l) {
  step(l);
  l->mark_end(l);
  unsigned depth = 1;
  bool comma = false, first = true;
  for (unsigned n = 0; n < MAX_PARENTHESES && !l->eof(l); n++) {
    Gap g = skip_gap(l);
    int32_t c = l->lookahead;
    if (g.slash) continue;
    if (first && (c == '.' || c == '[')) return emit(l, LIST_OPEN);
    first = false;
    if (c == ';' && depth == 1) return false;
    if (c == ',' && depth == 1) comma = true;
    if (c == '"' || c == '\'') {
      skip_quoted(l, c);
      continue;
    }
    if ((c == '(' || c == '[' || c == '{') && ++depth > MAX_BRACKETS) return false;
    if ((c == ')' || c == ']' || c == '}') && --depth == 0) return c == '}' && comma && emit(l, LIST_OPEN);
    step(l);
  }
  return false;
}

/* At "*": a row of stars and qualifiers in front of "," or ")" is the end of a type. */
static bool scan_star(TSLexer *l) {
  step(l);
  l->mark_end(l);
  for (;;) {
    Gap g = skip_gap(l);
    if (g.slash) return false;
    if (l->lookahead == '*') {
      step(l);
    } else if (l->lookahead == ',' || l->lookahead == ')') {
      return emit(l, TYPE_STAR);
    } else if (is_start(l->lookahead)) {
      Word w;
      read_word(l, &w);
      if (!one_of(&w, QUALIFIERS) && !annotation_like(&w)) return false;
    } else {
      return false;
    }
  }
}

/* A macro's body or a directive's argument: the logical line, without the comments at its end. */
static bool scan_argument(TSLexer *l) {
  bool any = false;
  for (;;) {
    int32_t c = l->lookahead;
    if (l->eof(l) || c == '\n') {
      l->mark_end(l);
      break;
    }
    if (c == '\\') {
      step(l);
      if (l->lookahead == '\r') step(l);
      if (l->lookahead) step(l);
      continue;
    }
    if (c == '"' || c == '\'') {
      skip_quoted(l, c);
      any = true;
      continue;
    }
    if (c == '/') {
      l->mark_end(l);
      step(l);
      if (l->lookahead != '*') {
        any = true;
        continue;
      }
      /* a comment: does anything follow it? */
      if (!any) return false;
      step(l);
      int32_t previous = 0;
      while (!l->eof(l) && !(previous == '*' && l->lookahead == '/')) {
        previous = l->lookahead;
        step(l);
      }
      step(l);
      for (;;) {
        while (is_blank(l->lookahead) || l->lookahead == '\r') step(l);
        if (l->lookahead != '/') break;
        step(l);
        if (l->lookahead != '*') {
          if (l->lookahead == '/') return emit(l, PREPROC_ARG);
          break;
        }
        previous = 0;
        step(l);
        while (!l->eof(l) && !(previous == '*' && l->lookahead == '/')) {
          previous = l->lookahead;
          step(l);
        }
        step(l);
      }
      if (l->eof(l) || l->lookahead == '\n') return emit(l, PREPROC_ARG);
      continue;
    }
    any = true;
    step(l);
  }
  return any && emit(l, PREPROC_ARG);
}

void *tree_sitter_kernel_c_external_scanner_create(void) { return &the_state; }
void tree_sitter_kernel_c_external_scanner_destroy(void *payload) { (void)payload; }

unsigned tree_sitter_kernel_c_external_scanner_serialize(void *payload, char *buffer) {
  State *s = payload;
  if (!s->depth && !s->pending) return 0;
  buffer[0] = (char)s->depth;
  buffer[1] = (char)s->pending;
  for (int i = 0; i < 4; i++) buffer[2 + i] = (char)(s->live >> (8 * i));
  return 6;
}

void tree_sitter_kernel_c_external_scanner_deserialize(void *payload, const char *buffer, unsigned length) {
  State *s = payload;
  s->depth = s->pending = 0;
  s->live = 0;
  if (length < 6) return;
  s->depth = (uint8_t)buffer[0];
  s->pending = (uint8_t)buffer[1];
  for (int i = 0; i < 4; i++) s->live |= (uint32_t)(uint8_t)buffer[2 + i] << (8 * i);
}

/*
 * At a "*" that begins a line where neither a statement nor an operand may begin: `f(a)` without its semicolon and then
 * `*p = b;` would be a product. No C multiplies by an assignment, so the star is no token that the parser could take.
 */
static bool scan_lost_statement(TSLexer *l) {
  step(l);
  l->mark_end(l);
  while (l->lookahead == '*') step(l);
  if (!is_start(l->lookahead)) return false;
  for (;;) {
    if (is_word(l->lookahead) || l->lookahead == '.') {
      step(l);
    } else if (l->lookahead == '-') {
      step(l);
      if (l->lookahead != '>') return false;
      step(l);
    } else {
      break;
    }
  }
  while (is_blank(l->lookahead)) step(l);
  if (l->lookahead == '+' || l->lookahead == '-' || l->lookahead == '|' || l->lookahead == '&') step(l);
  if (l->lookahead != '=') return false;
  step(l);
  return l->lookahead != '=' && emit(l, ERROR_SENTINEL);
}

/* Skips white space; at a '#' or '*', says whether it is the first thing on its line. */
static bool skip_to_token(TSLexer *l) {
  bool newline = false;
  unsigned blanks = 0;
  for (;;) {
    int32_t c = l->lookahead;
    if (c == '\n') newline = true;
    else if (is_blank(c) || c == '\r') blanks++;
    else break;
    l->advance(l, true);
  }
  if (l->lookahead == '*') return newline;
  if (l->lookahead != '#') return false;
  return newline || l->get_column(l) == blanks;
}

bool tree_sitter_kernel_c_external_scanner_scan(void *payload, TSLexer *l, const bool *valid) {
  State *s = payload;
  if (s->pending) return scan_condition(s, l);
  if (valid[ERROR_SENTINEL]) {
    /* the parser is recovering: only keep count of cut conditionals */
    return s->depth && skip_to_token(l) && l->lookahead == '#' && scan_directive(s, l, valid);
  }
  if (valid[PARAMS_OPEN] && l->lookahead == '(') {
    step(l);
    l->mark_end(l);
    return emit(l, PARAMS_OPEN);
  }
  if (valid[NEWLINE]) {
    while (is_blank(l->lookahead) || l->lookahead == '\r') l->advance(l, true);
    if (l->lookahead == '\n') {
      step(l);
      l->mark_end(l);
      return emit(l, NEWLINE);
    }
    if (l->eof(l)) {
      l->mark_end(l);
      return emit(l, NEWLINE);
    }
    return valid[PREPROC_ARG] && scan_argument(l);
  }
  bool line_start = skip_to_token(l);
  int32_t c = l->lookahead;
  if (is_start(c)) {
    if (!(valid[LOOP_NAME] || valid[MACRO_FUNCTION_NAME] || valid[MACRO_ITEM_NAME] || valid[MACRO_FIELD_NAME] ||
          valid[ANNOTATION_BEFORE] || valid[STORAGE_BEFORE] || valid[ANNOTATION_AFTER] || valid[STORAGE_AFTER] ||
          valid[ANNOTATION_TAIL] || valid[ANNOTATION_BODY] || valid[ANNOTATION_TAG] || valid[ANNOTATION_CAST] ||
          valid[TYPE_WORD] || valid[MACRO_ITEM_NAME_MODIFIED] || valid[MACRO_EXPANSION_NAME] ||
          valid[MACRO_TYPE_NAME] || valid[ANNOTATION_CAST_AFTER] || valid[ANNOTATION_BARE] ||
          valid[STORAGE_TAIL] || valid[ENUMERATOR_MACRO_NAME] || valid[TRACE_FIELD_NAME] ||
          valid[STATEMENTS_NAME] || valid[DO_LOOP_NAME]))
      return false;
    return scan_word(l, valid);
  }
  if (c == '#') return line_start && scan_directive(s, l, valid);
  if (c == '*' && valid[TYPE_STAR]) return scan_star(l);
  if (c == '*' && line_start && !valid[LOOP_NAME] && !valid[STATEMENTS_NAME] && !valid[ANNOTATION_AFTER])
    return scan_lost_statement(l);
  if (c == '{' && valid[LIST_OPEN]) return scan_list(l);
  return false;
}
