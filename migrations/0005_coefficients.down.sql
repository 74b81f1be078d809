drop table forge.model_coefficients;
