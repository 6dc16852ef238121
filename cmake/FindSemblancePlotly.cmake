# plotly.min.js, which is inlined in every report. Variable: SEMBLANCE_PLOTLY_JS
if(NOT SEMBLANCE_PLOTLY_JS)
  set(SEMBLANCE_PLOTLY_JS ${SEMBLANCE_SITE_PACKAGES}/plotly/package_data/plotly.min.js)
endif()
if(NOT EXISTS ${SEMBLANCE_PLOTLY_JS})
  set(SemblancePlotly_NOT_FOUND_MESSAGE "there is no ${SEMBLANCE_PLOTLY_JS}: run ./bootstrap or set SEMBLANCE_PLOTLY_JS")
  message(FATAL_ERROR ${SemblancePlotly_NOT_FOUND_MESSAGE})
endif()
set(SemblancePlotly_FOUND TRUE)
