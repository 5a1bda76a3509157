# The addon for source installs and prebuilds. Sources and flags come from native/sources.json, which CMakeLists.txt
# reads too. Each instruction set is a library of its own, compiled with its own flags; nothing is optimised across them.
{
  'variables': {
    'werror%': 'false',
    'cxx_flags': ['<!@(node -p "require(\'./native/sources.json\').flags.join(\' \')")'],
    'link_flags': ['<!@(node -p "require(\'./native/sources.json\').linkFlags.join(\' \')")'],
  },
  'target_defaults': {
    'include_dirs': ['native'],
    # Node's own defaults for addons differ from one Node to the next, so they are taken out and ours put in.
    'cflags!': ['-O3', '-fno-omit-frame-pointer', '-fno-strict-aliasing'],
    'cflags_cc!': ['-std=gnu++17', '-std=gnu++20'],
    'cflags_cc': ['<@(cxx_flags)'],
    'configurations': { 'Release': { 'defines': ['NDEBUG'] } },
    'conditions': [
      ['werror=="true"', { 'cflags_cc': ['-Werror'] }],
      ['OS=="mac"', {
        'xcode_settings': {
          'CLANG_CXX_LANGUAGE_STANDARD': 'c++17',
          'GCC_OPTIMIZATION_LEVEL': '3',
          'GCC_SYMBOLS_PRIVATE_EXTERN': 'YES',
          'MACOSX_DEPLOYMENT_TARGET': '11.0',
          'OTHER_CPLUSPLUSFLAGS': ['<@(cxx_flags)'],
        },
      }],
    ],
  },
  'targets': [
    {
      'target_name': 'quern_scalar',
      'type': 'static_library',
      'sources': ['<!@(node -p "require(\'./native/sources.json\').isa.scalar.sources.join(\' \')")'],
      'cflags_cc': ['-fno-exceptions'],
    },
    {
      'target_name': 'quern_core',
      'type': 'static_library',
      'dependencies': ['quern_scalar'],
      'sources': ['<!@(node -p "require(\'./native/sources.json\').core.join(\' \')")'],
      'cflags_cc': ['-fno-exceptions'],
      'conditions': [
        ['target_arch=="x64"', { 'dependencies': ['quern_avx2', 'quern_avx512', 'quern_avx512bf16', 'quern_amx'] }],
      ],
    },
    {
      'target_name': 'quern',
      'type': 'loadable_module',
      'dependencies': ['quern_core'],
      'include_dirs': ['<!(node -p "require(\'node-addon-api\').include_dir")'],
      'sources': ['<!@(node -p "require(\'./native/sources.json\').binding.join(\' \')")'],
      'defines': ['<!@(node -p "require(\'./native/sources.json\').bindingDefines.join(\' \')")'],
      'cflags_cc!': ['-fno-exceptions'],
      'cflags_cc': ['-fexceptions'],
      'conditions': [
        ['OS=="linux"', {
          'ldflags!': ['-rdynamic'],
          'ldflags': ['<@(link_flags)', '-Wl,--version-script=<(module_root_dir)/native/binding/exports.map'],
        }],
        ['OS=="mac"', { 'xcode_settings': { 'GCC_ENABLE_CPP_EXCEPTIONS': 'YES' } }],
      ],
    },
  ],
  'conditions': [
    ['target_arch=="x64"', {
      'targets': [
        {
          'target_name': 'quern_avx2',
          'type': 'static_library',
          'sources': ['<!@(node -p "require(\'./native/sources.json\').isa.avx2.sources.join(\' \')")'],
          'cflags_cc': ['-fno-exceptions',
                        '<!@(node -p "require(\'./native/sources.json\').isa.avx2.flags.join(\' \')")'],
        },
        {
          'target_name': 'quern_avx512',
          'type': 'static_library',
          'sources': ['<!@(node -p "require(\'./native/sources.json\').isa.avx512.sources.join(\' \')")'],
          'cflags_cc': ['-fno-exceptions',
                        '<!@(node -p "require(\'./native/sources.json\').isa.avx512.flags.join(\' \')")'],
        },
        {
          'target_name': 'quern_avx512bf16',
          'type': 'static_library',
          'sources': ['<!@(node -p "require(\'./native/sources.json\').isa.avx512bf16.sources.join(\' \')")'],
          'cflags_cc': ['-fno-exceptions',
                        '<!@(node -p "require(\'./native/sources.json\').isa.avx512bf16.flags.join(\' \')")'],
        },
        {
          'target_name': 'quern_amx',
          'type': 'static_library',
          'sources': ['<!@(node -p "require(\'./native/sources.json\').isa.amx.sources.join(\' \')")'],
          'cflags_cc': ['-fno-exceptions',
                        '<!@(node -p "require(\'./native/sources.json\').isa.amx.flags.join(\' \')")'],
        },
      ],
    }],
  ],
}
