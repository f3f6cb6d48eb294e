/**
 * @file The grammar of kernel C: tree-sitter-c plus what Linux sources really look like. Where upstream parses a
 * construct, its tree is kept; every node that upstream does not have is described in README.md. Decisions that need
 * more than one token of look-ahead (is this call a loop? is this word an annotation or a type?) are taken by
 * src/scanner.c, so that the parser itself stays deterministic and fast.
 * @license MIT
 */

// @ts-check
import C from 'tree-sitter-c/grammar.js';

const PREC = C.PREC;
const { commaSep, preprocessor } = C;

/** An annotation whose name is recognised by the scanner in one particular position. */
function annotationAt(token) {
  return ($) =>
    prec.right(
      20,
      seq(field('name', alias($[token], $.identifier)), optional(field('arguments', $.argument_list))),
    );
}

/** Leading attribute-like things before a type: upstream's modifiers and our two. */
const before = ($) => [
  alias($._annotation_before, $.annotation),
  alias($._storage_before, $.storage_class_macro),
];
const after = ($) => [
  alias($._annotation_after, $.annotation),
  alias($._annotation_bare, $.annotation),
  alias($._storage_after, $.storage_class_macro),
];
const tail = ($) =>
  choice(alias($._annotation_tail, $.annotation), alias($._storage_tail, $.storage_class_macro));

export default grammar(C, {
  name: 'kernel_c',

  externals: ($) => [
    $._pp_if,
    $._pp_ifdef,
    $._pp_ifndef,
    $._pp_define,
    $._pp_include,
    $._pp_directive,
    $._params_open,
    $.preproc_arg,
    $._newline,
    $.preproc_split_directive,
    $.preproc_split_condition,
    $.preproc_split_arm,
    $.preproc_split_line,
    $._loop_name,
    $._macro_function_name,
    $._macro_item_name,
    $._macro_item_name_modified,
    $._macro_expansion_name,
    $._macro_field_name,
    $._annotation_name_before,
    $._storage_before,
    $._annotation_name_after,
    $._storage_after,
    $._annotation_name_tail,
    $._annotation_name_body,
    $._annotation_name_tag,
    $._annotation_name_cast,
    $._annotation_name_cast_after,
    $._annotation_name_bare,
    $._storage_tail,
    $._field_group_name,
    $._enumerator_macro_name,
    $._trace_field_name,
    $._statements_name,
    $._list_open,
    $._do_loop_name,
    $._macro_type_name,
    $._macro_type_list_name,
    $._type_star,
    $._type_word,
    $._error_sentinel,
  ],

  extras: ($, original) => [
    ...original,
    $.preproc_split_directive,
    $.preproc_split_condition,
    $.preproc_split_arm,
    $.preproc_split_line,
  ],

  // Upstream's, but for those that its macro types and its enums needed: ours are told apart by the scanner.
  conflicts: (_, original) =>
    original.filter(
      (symbols) =>
        !symbols.some(({ name }) => name === 'macro_type_specifier') &&
        !(symbols.length === 1 && symbols[0].name === 'enum_specifier'),
    ),

  rules: {
    // ---------------------------------------------------------------- new nodes
    _annotation_before: annotationAt('_annotation_name_before'),
    _annotation_after: annotationAt('_annotation_name_after'),
    _annotation_tail: annotationAt('_annotation_name_tail'),
    _annotation_body: annotationAt('_annotation_name_body'),
    _annotation_tag: annotationAt('_annotation_name_tag'),
    _annotation_cast: annotationAt('_annotation_name_cast'),
    _annotation_cast_after: annotationAt('_annotation_name_cast_after'),

    _annotation_bare: ($) => field('name', alias($._annotation_name_bare, $.identifier)),

    macro_loop_statement: ($) =>
      seq(
        field('name', alias($._loop_name, $.identifier)),
        field('arguments', $.argument_list),
        field('body', $.statement),
      ),

    macro_function_definition: ($) =>
      seq(
        repeat($._declaration_modifiers),
        field('name', alias($._macro_function_name, $.identifier)),
        field('arguments', $.argument_list),
        repeat(tail($)),
        field('body', $.compound_statement),
      ),

    macro_invocation_item: ($) =>
      prec.right(
        seq(
          choice(
            field('name', alias($._macro_item_name, $.identifier)),
            seq(
              repeat1($._declaration_modifiers),
              field('name', alias($._macro_item_name_modified, $.identifier)),
            ),
          ),
          $._macro_item_rest,
        ),
      ),
    _macro_item_rest: ($) =>
      prec.right(
        seq(
          field('arguments', $.argument_list),
          repeat(tail($)),
          choice(seq('=', field('value', choice($.initializer_list, $.expression)), ';'), optional(';')),
        ),
      ),
    // In a block: static DEFINE_...(a, b); and the expansion of an X macro, which stands right before its #undef.
    _block_macro_item: ($) =>
      choice(
        seq(
          repeat($._declaration_modifiers),
          field('name', alias($._macro_item_name_modified, $.identifier)),
          $._macro_item_rest,
        ),
        $._macro_expansion,
      ),
    _macro_expansion: ($) =>
      seq(field('name', alias($._macro_expansion_name, $.identifier)), field('arguments', $.argument_list)),

    macro_field_declaration: ($) =>
      prec.right(
        seq(
          choice(
            seq(field('name', alias($._macro_field_name, $.identifier)), field('arguments', $.argument_list)),
            seq(
              field('name', alias($._field_group_name, $.identifier)),
              field('arguments', alias($._field_group, $.argument_list)),
            ),
          ),
          repeat(tail($)),
          optional(';'),
        ),
      ),

    // struct_group(name, members;)
    _field_group: ($) =>
      seq('(', repeat(seq(optional($.identifier), ',')), repeat($._field_declaration_list_item), ')'),

    // Macros take more than expressions: types, operators, declarations, statements, and nothing at the front.
    argument_list: ($) =>
      seq(
        '(',
        optional(seq(repeat(','), $._argument, repeat(seq(repeat1(','), $._argument)), repeat(','))),
        ')',
      ),
    _argument: ($) =>
      choice(
        $.expression,
        $.compound_statement,
        alias($._argument_initializer, $.initializer_list),
        alias($._argument_type, $.type_descriptor),
        alias($._argument_parameter, $.parameter_declaration),
        $.variadic_parameter,
        $.macro_operator,
        $.type_qualifier,
        repeat1($.storage_class_specifier),
        alias(choice('struct', 'union', 'enum'), $.identifier),
        alias($._pp_number, $.number_literal),
        alias($._argument_if, $.if_statement),
        alias($._argument_do, $.do_statement),
        alias($._argument_return, $.return_statement),
        seq(repeat1(alias($._trace_field, $.call_expression)), $.call_expression),
      ),
    // 48bit, 1k: numbers to the preprocessor only.
    _pp_number: (_) => token(prec(-1, /[0-9][0-9]*[a-zA-Z_]\w*/)),
    // Statements as arguments that lack their semicolon.
    _argument_if: ($) =>
      prec(
        1,
        seq('if', field('condition', $.parenthesized_expression), field('consequence', $.call_expression)),
      ),
    _argument_do: ($) =>
      prec(
        -1,
        seq(
          'do',
          field('body', $.compound_statement),
          'while',
          field('condition', $.parenthesized_expression),
        ),
      ),
    _argument_return: ($) => seq('return', optional($.expression)),
    _argument_initializer: ($) =>
      seq(
        alias($._list_open, '{'),
        optional(seq($._initializer_item, repeat(seq(',', $._initializer_item)), optional(','))),
        '}',
      ),
    // __field(a, b) __field(c, d): calls side by side, as the members of a trace event.
    _trace_field: ($) =>
      seq(field('function', alias($._trace_field_name, $.identifier)), field('arguments', $.argument_list)),

    // Arguments with semicolons among them: expressions, then statements.
    _statement_argument_list: ($) =>
      seq(
        '(',
        repeat(seq(optional($.expression), ',')),
        repeat1($._argument_statement),
        optional(choice($.expression, alias($._argument_if, $.if_statement))),
        ')',
      ),
    _argument_statement: ($) =>
      choice(
        alias($._argument_expression_statement, $.expression_statement),
        $.declaration,
        $.if_statement,
        $.for_statement,
        $.while_statement,
        $.do_statement,
        $.switch_statement,
        $.return_statement,
        $.goto_statement,
        $.break_statement,
        $.continue_statement,
        $.macro_loop_statement,
      ),
    _argument_expression_statement: ($) => seq(optional($.expression), ';'),

    // A type as a macro's argument. A lone identifier stays an expression, as upstream has it.
    _argument_type: ($) =>
      choice(
        seq($._argument_keyword_type, field('declarator', optional($._abstract_declarator))),
        seq(
          field('type', $._type_identifier),
          repeat(alias($._annotation_after, $.annotation)),
          field('declarator', alias($._argument_pointer, $.abstract_pointer_declarator)),
        ),
      ),
    _argument_keyword_type: ($) =>
      choice(
        seq(
          repeat1(choice($.type_qualifier, alias($._annotation_cast, $.annotation))),
          field('type', $.type_specifier),
          repeat(choice($.type_qualifier, ...after($))),
        ),
        seq(
          field(
            'type',
            choice(
              $.struct_specifier,
              $.union_specifier,
              $.enum_specifier,
              $.sized_type_specifier,
              $.primitive_type,
            ),
          ),
          repeat(choice($.type_qualifier, ...after($))),
        ),
      ),
    _argument_parameter: ($) =>
      choice(
        seq($._argument_keyword_type, field('declarator', $._declarator)),
        seq(
          field('type', alias($._type_word, $.type_identifier)),
          repeat(choice($.type_qualifier, ...after($))),
          field('declarator', $._declarator),
        ),
      ),
    _argument_pointer: ($) =>
      seq(
        alias($._type_star, '*'),
        repeat(choice($.type_qualifier, alias($._annotation_after, $.annotation))),
        optional(field('declarator', alias($._argument_pointer, $.abstract_pointer_declarator))),
      ),
    macro_operator: (_) =>
      choice(
        '==',
        '!=',
        '<',
        '>',
        '<=',
        '>=',
        '&&',
        '||',
        '+',
        '-',
        '*',
        '/',
        '%',
        '&',
        '|',
        '^',
        '<<',
        '>>',
        '!',
        '~',
        '=',
        '+=',
        '-=',
        '|=',
        '&=',
        '^=',
        '->',
        '.',
      ),

    // ---------------------------------------------------------------- where they stand
    _top_level_item: ($, original) =>
      choice(
        ...original.members.filter((m) => !['preproc_if', 'preproc_ifdef'].includes(m.name)),
        alias($.preproc_if_in_top_level, $.preproc_if),
        alias($.preproc_ifdef_in_top_level, $.preproc_ifdef),
        $.macro_function_definition,
        $.macro_invocation_item,
      ),

    // A function inside a block is what an unfinished block before it looks like; `f(x)` and a block is none.
    _block_item: ($, original) =>
      choice(
        ...original.members.filter(({ name }) => name !== 'function_definition'),
        alias($._nested_function_definition, $.function_definition),
        alias($._block_macro_item, $.macro_invocation_item),
      ),
    _nested_function_definition: ($) =>
      seq(
        $._declaration_specifiers,
        field('declarator', choice($.function_declarator, $.pointer_declarator, $.attributed_declarator)),
        field('body', $.compound_statement),
      ),

    _non_case_statement: ($, original) => choice(original, $.macro_loop_statement),

    _field_declaration_list_item: ($, original) => choice(original, $.macro_field_declaration),

    _declaration_modifiers: ($, original) => choice(original, ...before($)),
    _declaration_modifiers_after: ($) =>
      choice(
        $.storage_class_specifier,
        $.type_qualifier,
        $.attribute_specifier,
        $.attribute_declaration,
        $.ms_declspec_modifier,
        ...after($),
      ),
    _declaration_specifiers: ($) =>
      prec.right(
        seq(
          repeat($._declaration_modifiers),
          field('type', $.type_specifier),
          repeat($._declaration_modifiers_after),
        ),
      ),

    type_descriptor: ($) =>
      seq(
        repeat(choice($.type_qualifier, alias($._annotation_cast, $.annotation))),
        field('type', $.type_specifier),
        repeat(choice($.type_qualifier, ...after($), alias($._annotation_cast_after, $.annotation))),
        field('declarator', optional($._abstract_declarator)),
      ),

    _type_definition_type: ($) =>
      seq(
        repeat(choice($.type_qualifier, alias($._annotation_before, $.annotation))),
        field('type', $.type_specifier),
        repeat(choice($.type_qualifier, $.attribute_specifier, ...after($))),
      ),
    type_definition: ($) =>
      seq(
        optional('__extension__'),
        'typedef',
        $._type_definition_type,
        $._type_definition_declarators,
        repeat($.attribute_specifier),
        ';',
      ),

    declaration: ($) =>
      seq(
        $._declaration_specifiers,
        $._declared,
        repeat(seq(',', repeat(alias($._annotation_after, $.annotation)), $._declared)),
        ';',
      ),

    _declared: ($) =>
      field(
        'declarator',
        choice(
          seq(
            optional($.ms_call_modifier),
            $._declaration_declarator,
            optional($.gnu_asm_expression),
            repeat($.attribute_specifier),
          ),
          $.init_declarator,
        ),
      ),

    pointer_declarator: ($) => pointer($, field('declarator', $._declarator)),
    pointer_field_declarator: ($) => pointer($, field('declarator', $._field_declarator)),
    pointer_type_declarator: ($) => pointer($, field('declarator', $._type_declarator)),
    abstract_pointer_declarator: ($) =>
      prec.dynamic(
        1,
        prec.right(
          seq(
            '*',
            repeat($.ms_pointer_modifier),
            repeat(choice($.type_qualifier, $.attribute_specifier, ...after($))),
            field('declarator', optional($._abstract_declarator)),
          ),
        ),
      ),

    // No annotation behind a declarator in parentheses alone: T (x) __y(z); is a call that lost its semicolon.
    attributed_declarator: ($) =>
      prec.right(
        choice(
          seq($._declarator, repeat1($.attribute_declaration)),
          seq(choice($.function_declarator, $.array_declarator, $.identifier), repeat1(tail($))),
        ),
      ),
    attributed_field_declarator: ($) =>
      prec.right(seq($._field_declarator, repeat1(choice($.attribute_declaration, tail($))))),
    attributed_type_declarator: ($) =>
      prec.right(seq($._type_declarator, repeat1(choice($.attribute_declaration, tail($))))),

    function_declarator: ($) =>
      prec.right(
        1,
        seq(
          field('declarator', $._declarator),
          field('parameters', $.parameter_list),
          optional($.gnu_asm_expression),
          repeat(
            choice(
              $.attribute_specifier,
              $.identifier,
              alias($.preproc_call_expression, $.call_expression),
              tail($),
            ),
          ),
        ),
      ),
    _function_declaration_declarator: ($) =>
      prec.right(
        1,
        seq(
          field('declarator', $._declarator),
          field('parameters', $.parameter_list),
          optional($.gnu_asm_expression),
          repeat(choice($.attribute_specifier, tail($))),
        ),
      ),
    function_field_declarator: ($) =>
      prec.right(
        1,
        seq(field('declarator', $._field_declarator), field('parameters', $.parameter_list), repeat(tail($))),
      ),

    struct_specifier: ($) => structure($, 'struct'),
    union_specifier: ($) => structure($, 'union'),
    enum_specifier: ($) =>
      prec.right(
        seq(
          'enum',
          repeat(choice($.attribute_specifier, alias($._annotation_tag, $.annotation))),
          choice(
            seq(
              field('name', $._type_identifier),
              optional($._enum_underlying_type),
              optional($.attribute_specifier),
            ),
            seq(
              optional(field('name', $._type_identifier)),
              optional($._enum_underlying_type),
              field('body', $.enumerator_list),
              repeat(choice($.attribute_specifier, alias($._annotation_body, $.annotation))),
            ),
          ),
        ),
      ),
    _enum_underlying_type: ($) =>
      prec.right(
        1,
        seq(
          ':',
          field('underlying_type', choice($.primitive_type, $.sized_type_specifier, $._type_identifier)),
        ),
      ),

    enumerator: ($) =>
      seq(field('name', $.identifier), repeat(tail($)), optional(seq('=', field('value', $.expression)))),

    // ---------------------------------------------------------------- GNU C that upstream lacks
    case_statement: ($) =>
      prec.right(
        seq(
          choice(
            seq('case', field('value', $.expression), optional(seq('...', field('end', $.expression)))),
            'default',
          ),
          ':',
          repeat(choice($._non_case_statement, $.declaration, $.type_definition)),
        ),
      ),

    initializer_list: ($) =>
      seq(
        '{',
        repeat(choice(seq($._initializer_item, ','), alias($._macro_expansion, $.macro_invocation_item))),
        optional($._initializer_item),
        '}',
      ),
    _initializer_item: ($) => choice($.initializer_pair, $.expression, $.initializer_list),

    enumerator_list: ($) =>
      seq(
        '{',
        repeat(
          choice(
            seq($.enumerator, ','),
            alias($.preproc_if_in_enumerator_list, $.preproc_if),
            alias($.preproc_ifdef_in_enumerator_list, $.preproc_ifdef),
            seq(alias($._enumerator_macro, $.macro_invocation_item), optional(',')),
          ),
        ),
        optional(
          choice(
            $.enumerator,
            alias($.preproc_if_in_enumerator_list_no_comma, $.preproc_if),
            alias($.preproc_ifdef_in_enumerator_list_no_comma, $.preproc_ifdef),
          ),
        ),
        '}',
      ),
    _enumerator_macro: ($) =>
      seq(field('name', alias($._enumerator_macro_name, $.identifier)), field('arguments', $.argument_list)),

    // The scanner says that a name makes a type: upstream would take f(a) and the next line for a declaration.
    macro_type_specifier: ($) =>
      choice(
        seq(
          field('name', alias($._macro_type_name, $.identifier)),
          '(',
          field('type', $.type_descriptor),
          ')',
        ),
        seq(field('name', alias($._macro_type_list_name, $.identifier)), field('arguments', $.argument_list)),
        prec.dynamic(
          -1,
          seq(
            field('name', alias(choice('typeof', '__typeof__', '__typeof', 'typeof_unqual'), $.identifier)),
            '(',
            choice(field('type', $.type_descriptor), field('value', $.expression)),
            ')',
          ),
        ),
      ),

    storage_class_specifier: (_) =>
      choice(
        'extern',
        'static',
        'register',
        'inline',
        '__inline',
        '__inline__',
        '__forceinline',
        'thread_local',
        '__thread',
      ),
    type_specifier: ($, original) => choice(original, alias('auto', $.primitive_type)),

    call_expression: ($, original) =>
      choice(
        original,
        prec(
          PREC.CALL,
          seq(
            field('function', alias($._statements_name, $.identifier)),
            field('arguments', alias($._statement_argument_list, $.argument_list)),
          ),
        ),
      ),

    alignof_expression: ($) =>
      prec(
        PREC.SIZEOF,
        seq(
          choice('__alignof__', '__alignof', '_alignof', 'alignof', '_Alignof'),
          choice(field('value', $.expression), seq('(', field('type', $.type_descriptor), ')')),
        ),
      ),

    goto_statement: ($, original) => choice(original, seq('goto', '*', field('target', $.expression), ';')),

    do_statement: ($, original) =>
      choice(
        original,
        seq('do', field('body', $.statement), field('condition', alias($._do_loop, $.call_expression)), ';'),
      ),
    _do_loop: ($) =>
      seq(field('function', alias($._do_loop_name, $.identifier)), field('arguments', $.argument_list)),

    field_declaration: ($) =>
      seq(
        $._declaration_specifiers,
        optional(choice($._field_declaration_declarator, $.bitfield_clause)),
        repeat($.attribute_specifier),
        ';',
      ),
    bitfield_clause: ($) => prec.right(seq(':', $.expression, repeat(tail($)))),

    concatenated_string: ($) =>
      prec.right(
        1,
        seq(
          choice(
            seq($.identifier, $.string_literal),
            seq($.string_literal, $.string_literal),
            seq($.string_literal, $._string_macro),
            seq($.call_expression, $.string_literal),
          ),
          repeat(choice($.string_literal, $._string_macro)),
        ),
      ),
    _string_macro: ($) => prec.right(1, choice($.identifier, alias($._string_macro_call, $.call_expression))),
    _string_macro_call: ($) =>
      prec(PREC.CALL + 1, seq(field('function', $.identifier), field('arguments', $.argument_list))),

    labeled_statement: ($) =>
      prec.right(
        seq(field('label', $._statement_identifier), ':', optional(choice($.declaration, $.statement))),
      ),

    offsetof_expression: ($) =>
      prec(
        PREC.OFFSETOF,
        seq(
          'offsetof',
          '(',
          field('type', $.type_descriptor),
          ',',
          field('member', $._field_identifier),
          repeat(
            choice(seq('.', $._field_identifier), seq('->', $._field_identifier), $.subscript_designator),
          ),
          ')',
        ),
      ),

    // ---------------------------------------------------------------- preprocessor
    preproc_include: ($) =>
      seq(
        alias($._pp_include, '#include'),
        field(
          'path',
          choice(
            $.string_literal,
            $.system_lib_string,
            $.identifier,
            alias($.preproc_call_expression, $.call_expression),
          ),
        ),
        $._newline,
      ),
    preproc_def: ($) =>
      seq(
        alias($._pp_define, '#define'),
        field('name', $.identifier),
        field('value', optional($.preproc_arg)),
        $._newline,
      ),
    preproc_function_def: ($) =>
      seq(
        alias($._pp_define, '#define'),
        field('name', $.identifier),
        field('parameters', $.preproc_params),
        field('value', optional($.preproc_arg)),
        $._newline,
      ),
    preproc_params: ($) =>
      seq(alias($._params_open, '('), commaSep(choice(seq($.identifier, optional('...')), '...')), ')'),
    preproc_call: ($) =>
      seq(
        field('directive', alias($._pp_directive, $.preproc_directive)),
        field('argument', optional($.preproc_arg)),
        $._newline,
      ),

    ...conditional('', ($) => $._block_item),
    ...conditional('_in_top_level', ($) => $._top_level_item),
    ...conditional('_in_field_declaration_list', ($) => $._field_declaration_list_item),
    ...conditional('_in_enumerator_list', ($) => seq($.enumerator, ',')),
    ...conditional('_in_enumerator_list_no_comma', ($) => $.enumerator, -1),
  },
});

/** `* qualifiers declarator`, with annotations among the qualifiers. */
function pointer($, declarator) {
  return prec.dynamic(
    1,
    prec.right(
      seq(
        optional($.ms_based_modifier),
        '*',
        repeat($.ms_pointer_modifier),
        repeat(choice($.type_qualifier, $.attribute_specifier, ...after($))),
        declarator,
      ),
    ),
  );
}

/** A structure or union, with annotations after the keyword and after the body. */
function structure($, keyword) {
  return prec.right(
    seq(
      keyword,
      optional($.attribute_specifier),
      optional($.ms_declspec_modifier),
      repeat(alias($._annotation_tag, $.annotation)),
      choice(
        seq(field('name', $._type_identifier), optional($.attribute_specifier)),
        seq(
          optional(field('name', $._type_identifier)),
          field('body', $.field_declaration_list),
          repeat(choice($.attribute_specifier, alias($._annotation_body, $.annotation))),
        ),
      ),
    ),
  );
}

/** Upstream's preprocIf with the opening directive and the line end taken by the scanner. */
function conditional(suffix, content, precedence = 0) {
  const named = ($, rule) => (suffix ? alias($[rule + suffix], $[rule]) : $[rule]);
  const alternative = ($) =>
    field(
      'alternative',
      optional(choice(named($, 'preproc_else'), named($, 'preproc_elif'), named($, 'preproc_elifdef'))),
    );
  return {
    [`preproc_if${suffix}`]: ($) =>
      prec(
        precedence,
        seq(
          alias($._pp_if, '#if'),
          field('condition', $._preproc_expression),
          alias($._newline, '\n'),
          repeat(content($)),
          alternative($),
          preprocessor('endif'),
        ),
      ),
    [`preproc_ifdef${suffix}`]: ($) =>
      prec(
        precedence,
        seq(
          choice(alias($._pp_ifdef, '#ifdef'), alias($._pp_ifndef, '#ifndef')),
          field('name', $.identifier),
          repeat(content($)),
          alternative($),
          preprocessor('endif'),
        ),
      ),
    [`preproc_else${suffix}`]: ($) => prec(precedence, seq(preprocessor('else'), repeat(content($)))),
    [`preproc_elif${suffix}`]: ($) =>
      prec(
        precedence,
        seq(
          preprocessor('elif'),
          field('condition', $._preproc_expression),
          alias($._newline, '\n'),
          repeat(content($)),
          alternative($),
        ),
      ),
    [`preproc_elifdef${suffix}`]: ($) =>
      prec(
        precedence,
        seq(
          choice(preprocessor('elifdef'), preprocessor('elifndef')),
          field('name', $.identifier),
          repeat(content($)),
          alternative($),
        ),
      ),
  };
}
